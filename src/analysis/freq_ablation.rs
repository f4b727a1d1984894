//! The loss without each frequency of the logits in turn (paper section 4.4, figure 6).

use super::check;
use super::forward::{AttentionEdit, HostModel};
use super::grid::Scores;
use super::marginals::{Marginals, Terms};
use crate::error::Result;
use crate::maths::fourier::{FourierBasis, n_freqs};
use crate::maths::stats;
use crate::model::Weights;
use crate::task::Task;

/// For k = 1 … (p-1)/2, entry k - 1: the cross-entropy over all pairs, in nats, when the eight terms of
/// frequency k are removed from the logits. The same as an ablation each, at a third of the cost.
///
/// # Errors
/// As [`analyse`](super::report::analyse).
pub fn losses_without_each_freq(weights: &Weights, task: &Task) -> Result<Vec<f64>> {
    check(weights, task)?;
    let p = task.p;
    let logits = HostModel::new(weights, &AttentionEdit::default()).logits();
    let marginals = Marginals::of(p, logits.values());
    let basis = FourierBasis::new(p);
    let loss = |freq: usize| {
        let part = marginals.project(&basis, &[freq], Terms::Block);
        let without = |a: usize, b: usize| {
            let mut row = logits.row(a, b).to_vec();
            part.add_to(-1.0, a, b, &mut row);
            stats::loss_and_margin(&row, (a + b) % p)
        };
        Scores::of(task, without).loss.all
    };
    Ok((1..=n_freqs(p)).map(loss).collect())
}

#[cfg(test)]
mod tests {
    use super::losses_without_each_freq;
    use crate::analysis::ablation::{Ablation, Ablator, GridEdit, Waves};
    use crate::analysis::marginals::Terms;
    use crate::config::Preset;
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::task::Task;

    #[test]
    fn equals_one_ablation_for_each_frequency() {
        let config = Preset::Tiny.config();
        let task = Task::new(&config.data);
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 5);
        let losses = losses_without_each_freq(&weights, &task).unwrap();
        assert_eq!(losses.len(), (task.p - 1) / 2, "one for each frequency");
        let ablator = Ablator::new(&weights, &[]);
        for (freq, loss) in (1..).zip(losses) {
            let logits = GridEdit { waves: Waves::Without(vec![freq]), terms: Terms::Block };
            let ablation = Ablation { logits, ..Ablation::default() };
            let expected = ablator.scores(&task, &ablation).unwrap().loss.all;
            assert!((loss - expected).abs() < 1e-12 * expected, "k = {freq}: {loss} instead of {expected}");
        }
    }
}
