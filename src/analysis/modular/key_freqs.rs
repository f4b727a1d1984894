//! Which frequencies the model uses (paper section 4.1 and appendix C.2).

use crate::analysis::modular::neuron_logit_map;
use crate::maths::fourier::norms_by_freq;
use crate::model::Weights;

/// A frequency is a key frequency when its norm in W_L is above this fraction of the largest. The paper
/// gives no threshold; this one agrees with the neuron clusters on every published model. Where a model keeps a weak
/// frequency, as two of this lab's first five seeds do, a lower or a higher fraction gives others: what is said of the
/// frequencies *in use* asks for neurons as well ([`used_freqs`](crate::analysis::modular::report::Report::used_freqs)).
pub const KEY_FRACTION: f64 = 0.25;

/// The key frequencies of a spectrum of W_L in the basis' order, ascending: those k with
/// `√(n[2k-1]² + n[2k]²)` above [`KEY_FRACTION`] of the maximum. None if the spectrum is zero.
pub fn from_spectrum(spectrum: &[f64]) -> Vec<usize> {
    let norms = norms_by_freq(spectrum);
    let largest = norms.iter().copied().fold(0.0, f64::max);
    let is_key = |&k: &usize| norms[k - 1] > KEY_FRACTION * largest;
    (1..=norms.len()).filter(is_key).collect()
}

/// The key frequencies of some weights, for measures of a run that is not over.
pub fn current_key_freqs(weights: &Weights) -> Vec<usize> {
    let directions = neuron_logit_map::directions(&neuron_logit_map::of(weights));
    from_spectrum(&neuron_logit_map::spectrum(&directions))
}

#[cfg(test)]
mod tests {
    use super::from_spectrum;

    #[test]
    fn the_rule_looks_at_cosine_and_sine_together() {
        // p = 9: const, then k = 1 … 4. The constant does not count, however large.
        let spectrum = [50.0, 0.0, 0.9, 3.0, 4.0, 0.8, 0.97, 0.0, 0.0];
        assert_eq!(from_spectrum(&spectrum), [2, 3], "1.257 is above and 0.9 below a quarter of 5");
    }

    #[test]
    fn the_last_frequency_counts_and_zero_has_none() {
        assert_eq!(from_spectrum(&[0.0, 0.0, 0.0, 0.0, 2.0]), [2], "k = K");
        assert!(from_spectrum(&[0.0; 9]).is_empty(), "no map, no frequency");
    }
}
