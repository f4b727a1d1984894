//! The Mersenne Twister MT19937 as CPython and PyTorch seed and read it, so that their splits
//! come out the same (Matsumoto and Nishimura 1998; CPython `Modules/_randommodule.c`; PyTorch
//! `aten/src/ATen/core/MT19937RNGEngine.h`).

const N: usize = 624;
const M: usize = 397;

/// A Mersenne Twister.
///
/// ```
/// use grokking_lab::maths::mt19937::Mt19937;
///
/// // C++'s std::mt19937 has the same seed by default, and this first output.
/// assert_eq!(Mt19937::new(5489).next_u32(), 3_499_211_612);
/// // CPython's `random.seed(0); random.random()`.
/// assert_eq!(Mt19937::from_key(&[0]).next_f64(), 0.8444218515250481);
/// ```
#[derive(Debug, Clone)]
pub struct Mt19937 {
    state: [u32; N],
    next: usize,
}

impl Mt19937 {
    /// Seeds with one word, as `init_genrand` and `torch.manual_seed` do.
    pub fn new(seed: u32) -> Self {
        let mut state = [0; N];
        state[0] = seed;
        for i in 1..N {
            let previous = state[i - 1];
            state[i] = 1_812_433_253_u32.wrapping_mul(previous ^ (previous >> 30)).wrapping_add(i as u32);
        }
        Self { state, next: N }
    }

    /// Seeds with a list of words, as `init_by_array` does; CPython's `random.seed(n)` for a
    /// number below 2³² is the list of that one word.
    pub fn from_key(key: &[u32]) -> Self {
        let mut twister = Self::new(19_650_218);
        let state = &mut twister.state;
        let (mut i, mut j) = (1, 0);
        for _ in 0..N.max(key.len()) {
            let previous = state[i - 1];
            state[i] = (state[i] ^ (previous ^ (previous >> 30)).wrapping_mul(1_664_525))
                .wrapping_add(key[j])
                .wrapping_add(j as u32);
            i += 1;
            j += 1;
            if i == N {
                state[0] = state[N - 1];
                i = 1;
            }
            if j == key.len() {
                j = 0;
            }
        }
        for _ in 0..N - 1 {
            let previous = state[i - 1];
            state[i] =
                (state[i] ^ (previous ^ (previous >> 30)).wrapping_mul(1_566_083_941)).wrapping_sub(i as u32);
            i += 1;
            if i == N {
                state[0] = state[N - 1];
                i = 1;
            }
        }
        state[0] = 0x8000_0000;
        twister
    }

    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.next == N {
            self.twist();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// A uniform number in [0, 1) with 53 random bits, as `random.random()` makes it.
    pub fn next_f64(&mut self) -> f64 {
        let high = f64::from(self.next_u32() >> 5);
        let low = f64::from(self.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    fn twist(&mut self) {
        for i in 0..N {
            let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % N] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + M) % N] ^ (y >> 1) ^ odd;
        }
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::Mt19937;

    #[test]
    fn one_word_seed_gives_the_published_sequence() {
        let mut twister = Mt19937::new(5489);
        let first: Vec<u32> = (0..5).map(|_| twister.next_u32()).collect();
        assert_eq!(
            first,
            [3_499_211_612, 581_869_302, 3_890_346_734, 3_586_334_585, 545_404_204],
            "std::mt19937's default seed"
        );
    }

    #[test]
    fn list_seed_gives_the_published_sequence() {
        let mut twister = Mt19937::from_key(&[0x123, 0x234, 0x345, 0x456]);
        let first: Vec<u32> = (0..3).map(|_| twister.next_u32()).collect();
        assert_eq!(first, [1_067_595_299, 955_945_823, 477_289_528], "mt19937ar.out");
    }

    #[test]
    fn uniform_is_cpythons() {
        // python3 -c "import random; random.seed(0); print(random.random())"
        assert_eq!(Mt19937::from_key(&[0]).next_f64(), 0.844_421_851_525_048_1, "random.seed(0)");
    }
}
