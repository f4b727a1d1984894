//! Carries an ablation out and scores what is left.

use std::borrow::Cow;

use super::neurons::Directions;
use super::{Ablation, GridEdit, NeuronEdit, SkipEdit, Waves};
use crate::analysis::forward::{AttentionEdit, HostModel};
use crate::analysis::grid::{GridLogits, Scores};
use crate::analysis::marginals::{Marginals, project_rows};
use crate::analysis::moments::Moments;
use crate::analysis::neurons::{clusters, fits, polynomial_logits, through_map};
use crate::error::{LabError, Result};
use crate::maths::fourier::FourierBasis;
use crate::maths::matrix::{Matrix, add_scaled};
use crate::model::{Param, Weights};
use crate::task::Task;

/// A model and its activations on all pairs, ready to be ablated again and again.
#[derive(Debug)]
pub struct Ablator<'a> {
    weights: &'a Weights,
    whole: Run,
}

/// One pass over all pairs.
#[derive(Debug)]
pub struct Run {
    /// The model, its inputs changed or not.
    pub model: HostModel,
    /// Its logits.
    pub logits: GridLogits,
    /// Its neurons.
    pub neurons: Moments,
}

impl Run {
    fn new(weights: &Weights, attention: &AttentionEdit) -> Self {
        let model = HostModel::new(weights, attention);
        let p = model.p();
        let mut logits = GridLogits::zeros(p);
        let mut neurons = Moments::zeros(p, model.d_mlp());
        let mut block = model.new_block();
        for a in 0..p {
            model.fill(a, &mut block);
            for b in 0..p {
                neurons.add_pair(a, b, block.neurons.row(b));
            }
            logits.block_mut(a).copy_from_slice(model.logits_of(&mut block).values());
        }
        Self { model, logits, neurons }
    }
}

impl<'a> Ablator<'a> {
    /// Runs the whole model once.
    pub fn new(weights: &'a Weights) -> Self {
        Self { weights, whole: Run::new(weights, &AttentionEdit::default()) }
    }

    /// The pass over the whole model.
    pub fn whole(&self) -> &Run {
        &self.whole
    }

    /// Number of heads of a block.
    pub fn n_heads(&self) -> usize {
        self.weights.shape().n_heads
    }

    /// Losses and accuracies of what an ablation leaves.
    ///
    /// # Errors
    /// [`LabError::Setting`] if it names a frequency or head that is not there, or if the task has
    /// another modulus than the model.
    pub fn scores(&self, task: &Task, ablation: &Ablation) -> Result<Scores> {
        let shape = self.weights.shape();
        if task.p != shape.p {
            return Err(LabError::setting("p", task.p, format!("the model adds modulo {}", shape.p)));
        }
        ablation.validate(shape.p, shape.n_heads)?;
        if *ablation == Ablation::default() {
            return Ok(self.whole.logits.scores(task));
        }
        Ok(self.logits(ablation).scores(task))
    }

    /// The logits that an ablation leaves. It must be valid for the model.
    fn logits(&self, ablation: &Ablation) -> GridLogits {
        let changed;
        let run = if ablation.leaves_inputs() {
            &self.whole
        } else {
            let weights = filter_embedding(self.weights, &ablation.embedding);
            changed = Run::new(&weights, &ablation.attention);
            &changed
        };
        let mut logits = edit_neurons(run, &ablation.neurons);
        edit_skip(&mut logits, &run.model, ablation.mlp_skip);
        edit_grid(&mut logits, &ablation.logits);
        logits
    }
}

/// Keeps or removes frequencies of the numbers' embeddings.
fn filter_embedding<'a>(weights: &'a Weights, waves: &Waves) -> Cow<'a, Weights> {
    if *waves == Waves::All {
        return Cow::Borrowed(weights);
    }
    let shape = weights.shape().clone();
    let (p, d_vocab) = (shape.p, shape.d_vocab);
    let mut filtered = weights.clone();
    let W_E = filtered.get_mut(Param::W_E);
    let tokens = Matrix::from_fn(p, shape.d_model, |x, d| W_E[d * d_vocab + x]);
    let part = project_rows(&tokens, &FourierBasis::new(p), waves.named());
    let mean = crate::analysis::grid::column_means(&tokens);
    for d in 0..shape.d_model {
        for x in 0..p {
            let value = &mut W_E[d * d_vocab + x];
            *value = match waves {
                Waves::Only(_) => mean[d] + part[(x, d)],
                _ => *value - part[(x, d)],
            };
        }
    }
    Cow::Owned(filtered)
}

fn edit_neurons(run: &Run, edit: &NeuronEdit) -> GridLogits {
    let mut logits = run.logits.clone();
    let p = logits.p();
    match edit {
        NeuronEdit::Grid(GridEdit { waves: Waves::All, .. }) => {}
        NeuronEdit::Grid(GridEdit { waves, terms }) => {
            // A projection on the grid and the map to the logits act on different indices: they commute.
            let marginals = run.neurons.marginals.map(|means| through_map(&run.model, means));
            let part = marginals.project(&FourierBasis::new(p), waves.named(), *terms);
            match waves {
                Waves::Only(_) => set_mlp(&mut logits, &run.model, &marginals.mean(), &part),
                _ => add_part(&mut logits, -1.0, &part),
            }
        }
        NeuronEdit::Polynomials { min_fve } => {
            let cluster = clusters(&fits(&run.neurons), *min_fve);
            let (constant, waves) = polynomial_logits(&run.neurons, &run.model, &cluster);
            set_mlp(&mut logits, &run.model, &constant, &waves);
            let rest: Vec<bool> = cluster.iter().map(|&freq| freq == 0).collect();
            super::neurons::add_some(&mut logits, &run.model, 1.0, &rest);
        }
        NeuronEdit::WithoutCluster { freq, min_fve } => {
            let cluster = clusters(&fits(&run.neurons), *min_fve);
            let removed: Vec<bool> = cluster.iter().map(|of| of == freq).collect();
            super::neurons::add_some(&mut logits, &run.model, -1.0, &removed);
        }
        NeuronEdit::OnlyDirections(freqs) => {
            let none = Marginals::zeros(p, p);
            set_mlp(&mut logits, &run.model, &vec![0.0; p], &none);
            Directions::new(&run.model, freqs).add_read(&mut logits, 1.0);
        }
        NeuronEdit::WithoutDirections(freqs) => {
            Directions::new(&run.model, freqs).add_read(&mut logits, -1.0);
        }
    }
    logits
}

/// Replaces the MLP's part of the logits by `constant + part`; the skip and the bias stay.
fn set_mlp(logits: &mut GridLogits, model: &HostModel, constant: &[f64], part: &Marginals) {
    let p = logits.p();
    let mut block = model.new_block();
    for a in 0..p {
        model.fill_skip(a, &mut block);
        for (b, row) in logits.block_mut(a).chunks_exact_mut(p).enumerate() {
            for (c, logit) in row.iter_mut().enumerate() {
                *logit = block.skip[(b, c)] + model.bias()[c] + constant[c];
            }
            part.add_to(1.0, a, b, row);
        }
    }
}

fn add_part(logits: &mut GridLogits, factor: f64, part: &Marginals) {
    let p = logits.p();
    for a in 0..p {
        for (b, row) in logits.block_mut(a).chunks_exact_mut(p).enumerate() {
            part.add_to(factor, a, b, row);
        }
    }
}

fn edit_skip(logits: &mut GridLogits, model: &HostModel, edit: SkipEdit) {
    if edit == SkipEdit::Keep {
        return;
    }
    let p = logits.p();
    let mut block = model.new_block();
    let mut mean = vec![0.0; p];
    for a in 0..p {
        model.fill_skip(a, &mut block);
        for (b, row) in logits.block_mut(a).chunks_exact_mut(p).enumerate() {
            add_scaled(row, -1.0, block.skip.row(b));
            add_scaled(&mut mean, 1.0 / (p * p) as f64, block.skip.row(b));
        }
    }
    if edit == SkipEdit::Mean {
        for a in 0..p {
            for row in logits.block_mut(a).chunks_exact_mut(p) {
                add_scaled(row, 1.0, &mean);
            }
        }
    }
}

fn edit_grid(logits: &mut GridLogits, edit: &GridEdit) {
    if edit.waves == Waves::All {
        return;
    }
    let p = logits.p();
    let marginals = Marginals::of(p, logits.values());
    let part = marginals.project(&FourierBasis::new(p), edit.waves.named(), edit.terms);
    match edit.waves {
        Waves::Only(_) => {
            let mean = marginals.mean();
            for a in 0..p {
                for row in logits.block_mut(a).chunks_exact_mut(p) {
                    row.copy_from_slice(&mean);
                }
            }
            add_part(logits, 1.0, &part);
        }
        _ => add_part(logits, -1.0, &part),
    }
}
