//! Controls: the same measurements with chance in the place of what a claim is about. A claim that frequencies suffice,
//! or that a subspace is needed, says something only beside as many random ones. The draws are seeded, so that a model
//! has one report.

use serde::{Deserialize, Serialize};

use crate::analysis::context::AnalysisContext;
use crate::analysis::modular::ablation::{Ablator, ForwardCache};
use crate::analysis::modular::direction_projection::DirectionProjection;
use crate::analysis::modular::grid::GridLogits;
use crate::analysis::modular::key_freqs::from_spectrum;
use crate::error::Result;
use crate::maths::fourier::n_freqs;
use crate::maths::matrix::Matrix;
use crate::maths::mt19937::Mt19937;
use crate::maths::normal::NormalSource;
use crate::maths::stats;

/// Sets of random frequencies that are tried.
const DRAWS: u32 = 20;

/// The random subspace is removed for every so many first numbers only: a pass over all pairs costs as much as the
/// model itself.
const EVERY: usize = 8;

/// Losses in nats.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Controls {
    /// The least restricted loss over all pairs of [`DRAWS`] sets of as many frequencies, none of them a key frequency.
    pub random_freqs_restricted_loss: f64,
    /// The least loss of the cosines of those sets.
    pub random_freqs_cosine_loss: f64,
    /// The loss over all pairs when each clustered neuron becomes a polynomial of another clustered neuron's frequency,
    /// drawn at random.
    pub shuffled_polynomials_loss: f64,
    /// The loss, over the pairs of every eighth first number, when the neurons lose a random subspace with as many
    /// dimensions as W_L's key directions have.
    pub random_subspace_loss: f64,
    /// The accuracy over all pairs of the neurons without W_L's key directions.
    pub complement_accuracy: f64,
}

impl Controls {
    /// Measures the controls of a model that has run; `cluster` gives each neuron's frequency or 0.
    ///
    /// # Errors
    /// [`LabError::Setting`](crate::error::LabError::Setting) if a frequency is not there.
    pub(in crate::analysis) fn new(
        context: &AnalysisContext<'_>,
        ablator: &Ablator,
        keys: &[usize],
        cluster: &[usize],
        complement_accuracy: f64,
    ) -> Result<Self> {
        let sets = random_freqs(context.task().p, keys);
        let least = |loss: &dyn Fn(&[usize]) -> f64| {
            sets.iter().map(|freqs| loss(freqs)).fold(f64::INFINITY, f64::min)
        };
        let shuffled = ablator.polynomial_logits(&shuffled_clusters(cluster));
        Ok(Self {
            random_freqs_restricted_loss: least_restricted(context, &sets),
            random_freqs_cosine_loss: least(&|freqs| context.cosine_fit().loss(freqs)),
            shuffled_polynomials_loss: shuffled.scores(context.task()).loss.all,
            random_subspace_loss: without_random_subspace(ablator.unablated(), 2 * keys.len()),
            complement_accuracy,
        })
    }
}

/// The least restricted loss over all pairs of random sets of as many frequencies.
pub(in crate::analysis) fn random_restricted_loss(context: &AnalysisContext<'_>, keys: &[usize]) -> f64 {
    least_restricted(context, &random_freqs(context.task().p, keys))
}

/// The restricted loss over all pairs with the key frequencies that the checkpoint has by itself.
pub(in crate::analysis) fn restricted_loss_of_moment(context: &AnalysisContext<'_>) -> f64 {
    context.waves().restricted_loss_of_all(&from_spectrum(&context.spectra().w_l))
}

fn least_restricted(context: &AnalysisContext<'_>, sets: &[Vec<usize>]) -> f64 {
    let loss = |freqs: &Vec<usize>| context.waves().restricted_loss_of_all(freqs);
    sets.iter().map(loss).fold(f64::INFINITY, f64::min)
}

/// Sets of as many frequencies as there are key frequencies, drawn from the others, or all others if they are fewer.
fn random_freqs(p: usize, keys: &[usize]) -> Vec<Vec<usize>> {
    let others: Vec<usize> = (1..=n_freqs(p)).filter(|k| !keys.contains(k)).collect();
    (0..DRAWS)
        .map(|seed| {
            let mut set = others.clone();
            shuffle(&mut set, seed);
            set.truncate(keys.len());
            set
        })
        .collect()
}

/// The clusters' frequencies dealt out anew among the clustered neurons.
fn shuffled_clusters(cluster: &[usize]) -> Vec<usize> {
    let mut freqs: Vec<usize> = cluster.iter().copied().filter(|&freq| freq > 0).collect();
    shuffle(&mut freqs, 0);
    let mut dealt = freqs.into_iter();
    cluster.iter().map(|&freq| if freq > 0 { dealt.next().unwrap_or(freq) } else { 0 }).collect()
}

/// Fisher and Yates.
fn shuffle(values: &mut [usize], seed: u32) {
    let mut twister = Mt19937::new(seed);
    for i in (1..values.len()).rev() {
        values.swap(i, twister.next_u32() as usize % (i + 1));
    }
}

/// The mean loss over some pairs without what a random subspace of the neurons carries.
fn without_random_subspace(whole: &ForwardCache, n_dims: usize) -> f64 {
    let model = &whole.model;
    let p = model.p();
    let mut source = NormalSource::new(0);
    let n_dims = n_dims.min(model.d_mlp());
    let numbers = (0..n_dims * model.d_mlp()).map(|_| source.draw()).collect();
    let directions = Matrix::from_values(n_dims, model.d_mlp(), numbers);
    let mut projection = DirectionProjection::onto(model, directions);
    let mut block = model.new_block();
    let chosen: Vec<usize> = (0..p).step_by(EVERY).collect();
    for &a in &chosen {
        model.fill_neurons(a, &mut block);
        projection.add_block(a, &block);
    }
    let mut removed = GridLogits::zeros(p);
    projection.add_logits(model, -1.0, &mut removed);
    let losses = chosen.iter().flat_map(|&a| (0..p).map(move |b| (a, b))).map(|(a, b)| {
        let parts = whole.logits.row(a, b).iter().zip(removed.row(a, b));
        let row: Vec<f64> = parts.map(|(logit, part)| logit + part).collect();
        stats::cross_entropy(&row, (a + b) % p)
    });
    losses.sum::<f64>() / (chosen.len() * p) as f64
}

#[cfg(test)]
mod tests {
    use super::{random_freqs, shuffled_clusters};

    #[test]
    fn random_frequencies_are_as_many_and_no_key_frequencies() {
        let keys = [3, 9, 20];
        let sets = random_freqs(113, &keys);
        assert_eq!(sets.len(), 20);
        for set in &sets {
            assert!(
                set.len() == 3 && set.iter().all(|k| !keys.contains(k) && (1..=56).contains(k)),
                "{set:?}"
            );
        }
        assert!(sets.iter().any(|set| *set != sets[0]), "they differ");
        assert_eq!(sets, random_freqs(113, &keys), "and are the same every time");
        assert_eq!(random_freqs(7, &[1, 2])[0], [3], "what is left, if that is fewer");
    }

    #[test]
    fn clusters_are_dealt_out_among_clustered_neurons() {
        let cluster: Vec<usize> = (0..60).map(|n| [0, 4, 7][n % 3]).collect();
        let shuffled = shuffled_clusters(&cluster);
        let count = |clusters: &[usize], freq: usize| clusters.iter().filter(|&&of| of == freq).count();
        for freq in [0, 4, 7] {
            assert_eq!(count(&shuffled, freq), 20, "k = {freq}: as many as before");
        }
        assert!(cluster.iter().zip(&shuffled).all(|(before, after)| (*before == 0) == (*after == 0)));
        assert_ne!(cluster, shuffled, "and others");
    }
}
