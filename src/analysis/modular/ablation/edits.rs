//! The single edits, each on the logits of all pairs.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::forward_cache::ForwardCache;
use super::{FreqSelection, GridEdit, NeuronEdit, SkipEdit};
use crate::analysis::modular::forward::HostModel;
use crate::analysis::modular::grid::GridLogits;
use crate::analysis::modular::marginals::Marginals;
use crate::analysis::modular::neurons::{clusters, polynomial_logits};
use crate::maths::fourier::{FourierBasis, cos_index, freq_of, sin_index};
use crate::maths::matrix::{Matrix, add_scaled};

/// The logits of a run after its neurons were changed.
pub(super) fn edit_neurons(run: &ForwardCache, edit: &NeuronEdit) -> GridLogits {
    let mut logits = run.logits.clone();
    let p = logits.p();
    match edit {
        NeuronEdit::Grid(GridEdit { freqs: FreqSelection::All, .. }) => {}
        NeuronEdit::Grid(GridEdit { freqs, terms }) => {
            // A projection on the grid and the map to the logits act on different indices: they commute.
            let marginals = run.neurons().marginals.map(|means| run.model.through_map(means));
            let part = marginals.project(&FourierBasis::new(p), freqs.named(), *terms);
            match freqs {
                FreqSelection::Only(_) => set_mlp(&mut logits, &run.model, &marginals.mean(), &part),
                _ => add_part(&mut logits, -1.0, &part),
            }
        }
        NeuronEdit::Polynomials { min_fve } => {
            return polynomials(run, &clusters(run.fits(), *min_fve));
        }
        NeuronEdit::WithoutClusters { freqs, min_fve } => {
            let cluster = clusters(run.fits(), *min_fve);
            let removed: Vec<bool> = cluster.iter().map(|of| freqs.contains(of)).collect();
            add_some(&mut logits, &run.model, -1.0, &removed);
        }
        NeuronEdit::OnlyDirections(freqs) => {
            let none = Marginals::zeros(p, p);
            set_mlp(&mut logits, &run.model, &vec![0.0; p], &none);
            run.projection(freqs).add_logits(&run.model, 1.0, &mut logits);
        }
        NeuronEdit::WithoutDirections(freqs) => {
            run.projection(freqs).add_logits(&run.model, -1.0, &mut logits);
        }
    }
    logits
}

/// The logits when each neuron becomes the polynomial of its frequency; those of frequency 0 stay.
pub(super) fn polynomials(run: &ForwardCache, cluster: &[usize]) -> GridLogits {
    let mut logits = run.logits.clone();
    let (constant, waves) = polynomial_logits(run.neurons(), &run.model, cluster);
    set_mlp(&mut logits, &run.model, &constant, &waves);
    let rest: Vec<bool> = cluster.iter().map(|&freq| freq == 0).collect();
    add_some(&mut logits, &run.model, 1.0, &rest);
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

/// Changes the residual stream around the MLP.
pub(super) fn edit_skip(logits: &mut GridLogits, model: &HostModel, edit: SkipEdit) {
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

/// Keeps or removes waves of the logits; `marginals` are theirs, if they are known.
pub(super) fn edit_grid(logits: &mut GridLogits, edit: &GridEdit, marginals: Option<&Marginals>) {
    if edit.freqs == FreqSelection::All {
        return;
    }
    let p = logits.p();
    let marginals = match marginals {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(Marginals::of(p, logits.values())),
    };
    let part = marginals.project(&FourierBasis::new(p), edit.freqs.named(), edit.terms);
    match edit.freqs {
        FreqSelection::Only(_) => {
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

/// Removes single components of the logits' 2-D spectrum: for each the products of the waves of its two
/// frequencies.
pub(super) fn remove_components(logits: &mut GridLogits, components: &[[usize; 2]]) {
    if components.is_empty() {
        return;
    }
    let p = logits.p();
    let basis = FourierBasis::new(p);
    let rows = |freq: usize| if freq == 0 { 0..1 } else { cos_index(freq)..sin_index(freq) + 1 };
    let chosen: BTreeSet<[usize; 2]> = components.iter().copied().collect();
    let freqs_a: BTreeSet<usize> = chosen.iter().map(|[freq, _]| *freq).collect();
    for i in freqs_a.into_iter().flat_map(rows) {
        let of_a = chosen.iter().filter(|[freq, _]| *freq == freq_of(i));
        let rows_b: Vec<usize> = of_a.flat_map(|[_, freq]| rows(*freq)).collect();
        // Σ_a F_i[a] L[a, b, c], p × p: row b, column c. Components do not touch each other.
        let mut by_b = Matrix::zeros(p, p);
        for (a, &wave) in basis.row(i).iter().enumerate() {
            add_scaled(by_b.values_mut(), wave, logits.block_mut(a));
        }
        let removed = Matrix::from_fn(rows_b.len(), p, |r, x| basis.row(rows_b[r])[x]);
        let part = removed.transposed().mul(&removed.mul(&by_b));
        for (a, &wave) in basis.row(i).iter().enumerate() {
            add_scaled(logits.block_mut(a), -wave, part.values());
        }
    }
}

/// Adds `factor` times the logits of some neurons.
fn add_some(logits: &mut GridLogits, model: &HostModel, factor: f64, chosen: &[bool]) {
    if !chosen.contains(&true) {
        return;
    }
    let mut block = model.new_block();
    for a in 0..logits.p() {
        model.fill_neurons(a, &mut block);
        for b in 0..logits.p() {
            for (value, &chosen) in block.neurons.row_mut(b).iter_mut().zip(chosen) {
                *value *= if chosen { factor } else { 0.0 };
            }
        }
        add_scaled(logits.block_mut(a), 1.0, model.through_map(&block.neurons).values());
    }
}
