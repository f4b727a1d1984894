//! Normally distributed numbers as `torch.randn` draws them on the CPU, so that the initial weights of published runs
//! come out.

use std::f32::consts::TAU;

use super::mt19937::Mt19937;

/// Numbers that are made from as many uniform ones at a time.
const GROUP: usize = 16;

/// The generator behind `torch.manual_seed(seed)` (PyTorch `aten/src/ATen/native/cpu/DistributionTemplates.h`,
/// `normal_fill`, and `aten/src/ATen/core/DistributionsHelper.h`, `normal_distribution`).
///
/// PyTorch computes logarithm and cosine with vector instructions of its own, which round otherwise than `libm`: the
/// numbers agree to about 3e-7.
#[derive(Debug)]
pub struct TorchNormal {
    words: Mt19937,
    /// The second number of the last pair that was drawn by itself.
    spare: Option<f64>,
}

impl TorchNormal {
    /// The generator after `torch.manual_seed(seed)`.
    pub fn new(seed: u32) -> Self {
        Self { words: Mt19937::new(seed), spare: None }
    }

    /// `torch.randn(n)`. From 16 numbers on PyTorch makes 16 from 16 uniform ones of 24 bits, and draws the last 16 of a
    /// length that is no multiple of 16 anew; fewer are drawn pair by pair from uniform ones of 53 bits (Box and
    /// Muller 1958 both).
    ///
    /// ```
    /// use grokking_lab::maths::torch_normal::TorchNormal;
    ///
    /// // torch.manual_seed(0); torch.randn(16), and torch.randn(3) in its place
    /// assert!((TorchNormal::new(0).draw(16)[0] - -1.1258398).abs() < 1e-6);
    /// assert!((TorchNormal::new(0).draw(3)[0] - 1.5409961).abs() < 1e-6);
    /// ```
    pub fn draw(&mut self, n: usize) -> Vec<f32> {
        if n < GROUP {
            return (0..n).map(|_| self.draw_one() as f32).collect();
        }
        let mut numbers: Vec<f32> = (0..n).map(|_| self.uniform()).collect();
        numbers.chunks_exact_mut(GROUP).for_each(box_muller);
        if !n.is_multiple_of(GROUP) {
            let last = &mut numbers[n - GROUP..];
            last.fill_with(|| self.uniform());
            box_muller(last);
        }
        numbers
    }

    /// A number in [0, 1) from the lower 24 bits of a word.
    fn uniform(&mut self) -> f32 {
        (self.words.next_u32() & 0xff_ffff) as f32 / 16_777_216.0
    }

    /// A number in [0, 1) from the lower 53 bits of two words, the higher one first.
    fn uniform_f64(&mut self) -> f64 {
        let high = u64::from(self.words.next_u32());
        let bits = (high << 32 | u64::from(self.words.next_u32())) & ((1 << 53) - 1);
        bits as f64 / (1_u64 << 53) as f64
    }

    fn draw_one(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let angle = std::f64::consts::TAU * self.uniform_f64();
        let radius = (-2.0 * libm::log1p(-self.uniform_f64())).sqrt();
        self.spare = Some(radius * libm::sin(angle));
        radius * libm::cos(angle)
    }
}

/// Replaces uniform numbers u by normal ones: the first half has radii √(-2 ln(1 - u)), the second angles 2πu.
fn box_muller(group: &mut [f32]) {
    let (first, second) = group.split_at_mut(GROUP / 2);
    for (a, b) in first.iter_mut().zip(second) {
        let radius = (-2.0 * libm::logf(1.0 - *a)).sqrt();
        let angle = TAU * *b;
        (*a, *b) = (radius * libm::cosf(angle), radius * libm::sinf(angle));
    }
}

#[cfg(test)]
mod tests {
    use super::TorchNormal;

    #[test]
    fn numbers_are_those_of_torch() {
        // torch.manual_seed(0); torch.randn(16)
        let expected = [
            -1.1258398, -1.1523602, -0.2505786, -0.4338788, 0.8487104, 0.6920092, -0.3160127, -2.1152194,
            0.3222749, -1.2633348, 0.3499832, 0.3081339, 0.1198415, 1.2376579, 1.1167772, -0.2472782,
        ];
        for (i, (x, expected)) in TorchNormal::new(0).draw(16).into_iter().zip(expected).enumerate() {
            assert!((x - expected).abs() < 1e-6, "{i}: {x} and {expected}");
        }
    }

    #[test]
    fn few_numbers_are_drawn_pair_by_pair_as_torch_does() {
        // torch.manual_seed(0); torch.randn(1), torch.randn(2)
        let mut source = TorchNormal::new(0);
        let numbers = [source.draw(1), source.draw(2)].concat();
        for (i, (x, expected)) in
            numbers.into_iter().zip([1.540_996_1, -0.293_428_9, -2.178_789_4]).enumerate()
        {
            assert!((x - expected).abs() < 1e-6, "{i}: {x} and {expected}");
        }
    }

    #[test]
    fn the_end_of_a_length_that_is_no_multiple_of_sixteen_is_drawn_anew() {
        let (whole, longer) = (TorchNormal::new(3).draw(32), TorchNormal::new(3).draw(33));
        assert_eq!(whole[..17], longer[..17], "up to the last sixteen");
        let mut after = TorchNormal::new(3);
        // 33 uniform numbers have been drawn before the sixteen of the end.
        (0..33).for_each(|_| {
            after.uniform();
        });
        assert_eq!(after.draw(16), longer[17..]);
    }
}
