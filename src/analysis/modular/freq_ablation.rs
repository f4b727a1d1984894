//! The loss without each frequency of the logits in turn (paper section 4.4, figure 6).

use crate::analysis::modular::ablation::check_freqs;
use crate::analysis::modular::check;
use crate::analysis::modular::forward::{AttentionEdit, HostModel};
use crate::analysis::modular::grid::{GridLogits, Scores};
use crate::analysis::modular::marginals::{GridTerms, Marginals};
use crate::error::Result;
use crate::maths::fourier::{FourierBasis, n_freqs};
use crate::maths::stats;
use crate::model::Weights;
use crate::task::modular::ModularTask;

/// For k = 1 … (p-1)/2, entry k - 1: the cross-entropy over all pairs, in nats, when the eight terms of
/// frequency k are removed from the logits. The same as an ablation each, at a third of the cost.
///
/// # Errors
/// As [`analyse`](crate::analysis::modular::report::analyse).
pub fn losses_without_each_freq(weights: &Weights, task: &ModularTask) -> Result<Vec<f64>> {
    check(weights, task)?;
    let logits = HostModel::new(weights, &AttentionEdit::default()).logits();
    let freqs: Vec<usize> = (1..=n_freqs(task.p)).collect();
    losses_without_freqs(&logits, task, &freqs)
}

/// The same of a model that has run, for some frequencies, in their order.
///
/// # Errors
/// [`LabError::Setting`](crate::error::LabError::Setting) for a frequency that is not there.
pub fn losses_without_freqs(logits: &GridLogits, task: &ModularTask, freqs: &[usize]) -> Result<Vec<f64>> {
    let p = task.p;
    check_freqs(p, freqs)?;
    let marginals = Marginals::of(p, logits.values());
    let basis = FourierBasis::new(p);
    let loss = |&freq: &usize| {
        let part = marginals.project(&basis, &[freq], GridTerms::AllProducts);
        let without = |a: usize, b: usize| {
            let mut row = logits.row(a, b).to_vec();
            part.add_to(-1.0, a, b, &mut row);
            stats::loss_and_margin(&row, (a + b) % p)
        };
        Scores::of(task, without).loss.all
    };
    Ok(freqs.iter().map(loss).collect())
}

#[cfg(test)]
mod tests {
    use super::{losses_without_each_freq, losses_without_freqs};
    use crate::analysis::modular::ablation::{Ablation, Ablator, FreqSelection, GridEdit};
    use crate::analysis::modular::marginals::GridTerms;
    use crate::config::Preset;
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::task::modular::ModularTask;

    #[test]
    fn equals_one_ablation_for_each_frequency() {
        let config = Preset::Tiny.config();
        let task = ModularTask::of(&config.data).expect("a modular task");
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 5);
        let losses = losses_without_each_freq(&weights, &task).unwrap();
        assert_eq!(losses.len(), (task.p - 1) / 2, "one for each frequency");
        let ablator = Ablator::new(&weights, &[]);
        let some = losses_without_freqs(&ablator.unablated().logits, &task, &[3, 1]).unwrap();
        assert_eq!(some, [losses[2], losses[0]], "some of them, in the order asked for");
        assert!(
            losses_without_freqs(&ablator.unablated().logits, &task, &[4]).is_err(),
            "there is no fourth"
        );
        for (freq, loss) in (1..).zip(losses) {
            let logits =
                GridEdit { freqs: FreqSelection::Without(vec![freq]), terms: GridTerms::AllProducts };
            let ablation = Ablation { logits, ..Ablation::default() };
            let expected = ablator.scores(&task, &ablation).unwrap().loss.all;
            assert!((loss - expected).abs() < 1e-12 * expected, "k = {freq}: {loss} instead of {expected}");
        }
    }
}
