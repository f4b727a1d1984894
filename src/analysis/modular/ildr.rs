//! ILDR: how far the classes of held-out pairs lie apart in the last residual stream, against how far the members of a
//! class do (arXiv 2604.20923).
//!
//! With `z_i` the final residual stream at "=" of held-out pair i, whose class is its sum, and `μ_c` the mean of class c:
//!
//! ```text
//! inter = mean over pairs of classes c < c' of ‖μ_c − μ_c'‖^q
//! intra = mean over classes c of the mean over their members of ‖z_i − μ_c‖^q
//! ILDR  = inter / intra,   q = 2 (squared) or 1 (unsquared)
//! ```
//!
//! Of the publication the abstract alone was at hand, which does not say whether the distances are squared: both are
//! computed.

use serde::{Deserialize, Serialize};

use crate::analysis::modular::forward::HostModel;
use crate::maths::matrix::{Matrix, add_scaled, dot, sum_sq};
use crate::model::Weights;
use crate::task::modular::ModularTask;

/// The ratio in both readings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ildr {
    /// Of squared distances.
    pub squared: f64,
    /// Of distances.
    pub unsquared: f64,
}

impl Ildr {
    /// The ratio of a model's held-out pairs. None if fewer than two classes are held out, or if no class has members that
    /// differ.
    ///
    /// It costs one forward pass over all pairs whose output has d_model numbers.
    pub fn new(weights: &Weights, task: &ModularTask) -> Option<Self> {
        let p = task.p;
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); p];
        let mut held_out = vec![false; p * p];
        for pair in &task.test {
            held_out[pair.a * p + pair.b] = true;
        }
        let model = HostModel::residual(weights);
        let mut block = model.new_block();
        let mut streams = Vec::with_capacity(task.test.len() * weights.shape().d_model);
        for a in (0..p).filter(|a| held_out[a * p..][..p].contains(&true)) {
            model.fill_logits(a, &mut block);
            for b in (0..p).filter(|b| held_out[a * p + b]) {
                members[(a + b) % p].push(streams.len() / weights.shape().d_model);
                streams.extend_from_slice(block.logits.row(b));
            }
        }
        members.retain(|class| !class.is_empty());
        let d_model = weights.shape().d_model;
        Self::of_classes(&Matrix::from_values(streams.len() / d_model, d_model, streams), &members)
    }

    /// The ratio of vectors, n × d, in classes, each a list of rows. None as [`Self::new`] says.
    pub fn of_classes(vectors: &Matrix, classes: &[Vec<usize>]) -> Option<Self> {
        let mut centroids = Matrix::zeros(classes.len(), vectors.cols());
        let mut intra = [0.0; 2];
        let mut difference = vec![0.0; vectors.cols()];
        for (c, class) in classes.iter().enumerate() {
            let share = 1.0 / class.len() as f64;
            for &row in class {
                add_scaled(centroids.row_mut(c), share, vectors.row(row));
            }
            for &row in class {
                difference.copy_from_slice(vectors.row(row));
                add_scaled(&mut difference, -1.0, centroids.row(c));
                let square = sum_sq(&difference);
                intra[0] += share * square / classes.len() as f64;
                intra[1] += share * square.sqrt() / classes.len() as f64;
            }
        }
        let n_pairs = (classes.len() * classes.len().saturating_sub(1) / 2) as f64;
        let norms: Vec<f64> = (0..classes.len()).map(|c| sum_sq(centroids.row(c))).collect();
        let mut inter = [0.0; 2];
        for c in 0..classes.len() {
            for other in 0..c {
                // ‖x − y‖² = ‖x‖² + ‖y‖² − 2 x·y, which rounding may take below 0.
                let mixed = dot(centroids.row(c), centroids.row(other));
                let square = (norms[c] + norms[other] - 2.0 * mixed).max(0.0);
                inter[0] += square / n_pairs;
                inter[1] += square.sqrt() / n_pairs;
            }
        }
        let differ = classes.len() > 1 && intra[1] > 0.0;
        differ.then(|| Self { squared: inter[0] / intra[0], unsquared: inter[1] / intra[1] })
    }
}

#[cfg(test)]
mod tests {
    use super::Ildr;
    use crate::analysis::modular::forward::{AttentionEdit, HostModel};
    use crate::analysis::modular::neuron_logit_map::number_columns;
    use crate::config::Preset;
    use crate::maths::matrix::Matrix;
    use crate::model::init::initial_weights;
    use crate::model::{ModelShape, Param, Weights};
    use crate::task::modular::ModularTask;

    #[test]
    fn planted_classes_have_the_ratio_of_their_distances() {
        // Three classes at the corners of a triangle with sides 5, each of two members at distance 0.5 and 2 from it.
        let high = 5.0 * 0.75_f64.sqrt();
        let corners = [[0.0, 0.0], [5.0, 0.0], [2.5, high]];
        let vectors = Matrix::from_fn(12, 3, |row, d| match d {
            2 => [0.5, -0.5, 2.0, -2.0][row % 4],
            d => corners[row / 4][d],
        });
        let classes: Vec<Vec<usize>> = (0..3).map(|c| (4 * c..4 * c + 4).collect()).collect();
        let found = Ildr::of_classes(&vectors, &classes).expect("members differ");
        let mean_square = (0.25 + 4.0) / 2.0;
        assert!((found.squared - 25.0 / mean_square).abs() < 1e-12, "{found:?}");
        assert!((found.unsquared - 5.0 / 1.25).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn nothing_is_said_of_one_class_or_of_classes_without_spread() {
        let vectors = Matrix::from_fn(4, 2, |row, _| (row / 2) as f64);
        assert_eq!(Ildr::of_classes(&vectors, &[vec![0, 1], vec![2, 3]]), None, "no member differs");
        assert_eq!(Ildr::of_classes(&vectors, &[vec![0, 2]]), None, "one class");
        assert_eq!(Ildr::of_classes(&vectors, &[]), None);
    }

    /// Two blocks and one, so that both ways of running a model are compared.
    fn models() -> Vec<(Weights, ModularTask)> {
        let mut config = Preset::Tiny.config();
        let task = ModularTask::of(&config.data).expect("a modular task");
        let mut models = Vec::new();
        for n_layers in [1, 2] {
            config.model.n_layers = n_layers;
            let mut weights = initial_weights(&ModelShape::new(&config.data, &config.model), 5);
            weights.get_mut(Param::b_out(n_layers - 1)).fill(0.3);
            weights.get_mut(Param::b_in(0)).fill(0.1);
            models.push((weights, task.clone()));
        }
        models
    }

    #[test]
    fn the_final_residual_stream_gives_the_logits() {
        for (weights, _) in models() {
            let (model, logits) = (
                HostModel::residual(&weights),
                HostModel::literal(&weights, &AttentionEdit::default()).logits(),
            );
            let unembed = number_columns(&weights);
            let mut block = model.new_block();
            for a in 0..model.p() {
                model.fill(a, &mut block);
                let found = block.logits.mul(&unembed);
                for b in 0..model.p() {
                    for (c, (found, expected)) in found.row(b).iter().zip(logits.row(a, b)).enumerate() {
                        assert!((found - expected).abs() < 1e-12, "({a}, {b}, {c}): {found}, not {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn only_held_out_pairs_count() {
        for (weights, task) in models() {
            let found = Ildr::new(&weights, &task).expect("random weights tell pairs apart");
            let model = HostModel::residual(&weights);
            let mut block = model.new_block();
            let (mut rows, mut classes) = (Vec::new(), vec![Vec::new(); task.p]);
            for (i, pair) in task.test.iter().enumerate() {
                model.fill(pair.a, &mut block);
                rows.extend_from_slice(block.logits.row(pair.b));
                classes[task.answer(*pair)].push(i);
            }
            classes.retain(|class| !class.is_empty());
            let rows = Matrix::from_values(task.test.len(), weights.shape().d_model, rows);
            let expected = Ildr::of_classes(&rows, &classes).expect("the same");
            assert!((found.squared - expected.squared).abs() < 1e-12 * expected.squared, "{found:?}");
            assert!((found.unsquared - expected.unsquared).abs() < 1e-12, "{found:?}, not {expected:?}");
        }
    }
}
