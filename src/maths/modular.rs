//! Arithmetic modulo p.

/// Whether `n` is prime, by trial division.
///
/// ```
/// use grokking_lab::maths::modular::is_prime;
///
/// assert!(is_prime(113));
/// assert!(!is_prime(1) && !is_prime(111), "111 = 3 · 37");
/// ```
pub fn is_prime(n: usize) -> bool {
    n >= 2 && (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}

#[cfg(test)]
mod tests {
    use super::is_prime;

    #[test]
    fn primes_below_thirty() {
        let primes: Vec<usize> = (0..30).filter(|&n| is_prime(n)).collect();
        assert_eq!(primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29], "primes below 30");
    }
}
