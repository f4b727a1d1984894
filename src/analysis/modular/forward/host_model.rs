//! A model on the host, ready to be run on any pair.

use super::attention_edit::AttentionEdit;
use super::block::Block;
use super::folded::Folded;
use super::literal::Literal;
use super::neuron_table::{self, NeuronTable};
use super::product::TiledMatrix;
use crate::analysis::modular::grid::GridLogits;
use crate::analysis::modular::modulus::modulus;
use crate::analysis::modular::neuron_logit_map::{self, number_columns};
use crate::maths::matrix::{Matrix, add_scaled};
use crate::model::{Param, Weights};

/// A model ready to be run on any pair.
#[derive(Debug)]
pub struct HostModel {
    p: usize,
    d_mlp: usize,
    /// Numbers that are read off the residual stream: p logits, or d_model.
    n_out: usize,
    method: ForwardMethod,
    map: Matrix,
    tiled_map: TiledMatrix,
    bias: Vec<f64>,
}

/// One block folds into tables by token; more do not.
#[derive(Debug)]
enum ForwardMethod {
    Folded(Box<Folded>),
    Literal(Box<Literal>),
}

impl HostModel {
    /// Prepares a model, its attention changed by `edit`.
    pub fn new(weights: &Weights, edit: &AttentionEdit) -> Self {
        Self::read_by(weights, edit, number_columns(weights))
    }

    /// The same with the residual stream itself in the place of its logits: what is called logits of a block is then the
    /// final residual stream at "=", p × d_model, and what is called skip the stream between attention and MLP of
    /// the last block.
    pub fn residual(weights: &Weights) -> Self {
        let d_model = weights.shape().d_model;
        let identity = Matrix::from_fn(d_model, d_model, |i, j| f64::from(u8::from(i == j)));
        Self::read_by(weights, &AttentionEdit::default(), identity)
    }

    /// The model with `reader`, d_model × n, in the place of the unembedding.
    fn read_by(weights: &Weights, edit: &AttentionEdit, reader: Matrix) -> Self {
        let map = neuron_logit_map::through(weights, &reader);
        let method = if weights.shape().n_layers > 1 {
            ForwardMethod::Literal(Box::new(Literal::new(weights, edit, reader.clone())))
        } else {
            ForwardMethod::Folded(Box::new(Folded::new(weights, &map, &reader, edit)))
        };
        Self::with(weights, map, &reader, method)
    }

    /// Prepares a model as written, token by token and position by position: the only way for several
    /// blocks, and the oracle of the folded one.
    pub fn literal(weights: &Weights, edit: &AttentionEdit) -> Self {
        let reader = number_columns(weights);
        let map = neuron_logit_map::through(weights, &reader);
        let method = ForwardMethod::Literal(Box::new(Literal::new(weights, edit, reader.clone())));
        Self::with(weights, map, &reader, method)
    }

    fn with(weights: &Weights, map: Matrix, reader: &Matrix, method: ForwardMethod) -> Self {
        let shape = weights.shape();
        let b_out = weights.get(Param::b_out(shape.n_layers - 1)).to_vec();
        let b_out = Matrix::from_values(1, shape.d_model, b_out);
        let bias = b_out.mul(reader).values().to_vec();
        let tiled_map = TiledMatrix::new(&map.transposed());
        Self { p: modulus(shape), d_mlp: shape.d_mlp, n_out: reader.cols(), method, map, tiled_map, bias }
    }

    /// The modulus.
    pub fn p(&self) -> usize {
        self.p
    }

    /// Number of neurons of the last block.
    pub fn d_mlp(&self) -> usize {
        self.d_mlp
    }

    /// W_L, p × d_mlp.
    pub fn map(&self) -> &Matrix {
        &self.map
    }

    /// The logits `b_out W_U` of the MLP's bias, length p.
    pub fn bias(&self) -> &[f64] {
        &self.bias
    }

    /// An empty block, to be filled again and again.
    pub fn new_block(&self) -> Block {
        let (of_neurons, of_logits) = (Matrix::zeros(self.p, self.d_mlp), Matrix::zeros(self.p, self.n_out));
        Block { neurons: of_neurons.clone(), logits: of_logits.clone(), skip: of_logits, inputs: of_neurons }
    }

    /// Computes the neurons of the p pairs whose first number is `a`.
    pub fn fill_neurons(&self, a: usize, block: &mut Block) {
        match &self.method {
            ForwardMethod::Folded(folded) => {
                folded.fill_inputs(a, &mut block.inputs);
                folded.activate(&block.inputs, &mut block.neurons);
            }
            ForwardMethod::Literal(literal) => literal.fill(a, block),
        }
    }

    /// Some neurons by token; none if the model has several blocks, or heads taken out.
    pub fn neuron_tables(&self, neurons: &[usize]) -> Option<Vec<NeuronTable>> {
        match &self.method {
            ForwardMethod::Folded(folded) => neurons.iter().map(|&n| folded.neuron_table(n)).collect(),
            ForwardMethod::Literal(_) => None,
        }
    }

    /// The activations of some neurons on all pairs: for each, p² values, row a, column b.
    pub fn neurons_on_pairs(&self, neurons: &[usize]) -> Vec<Vec<f64>> {
        if let (Some(tables), ForwardMethod::Folded(folded)) = (self.neuron_tables(neurons), &self.method) {
            return neuron_table::activations(folded.pattern(), &tables, folded.activation());
        }
        let mut values = vec![Vec::with_capacity(self.p * self.p); neurons.len()];
        let mut block = self.new_block();
        for a in 0..self.p {
            self.fill_neurons(a, &mut block);
            for (values, &n) in values.iter_mut().zip(neurons) {
                values.extend((0..self.p).map(|b| block.neurons[(b, n)]));
            }
        }
        values
    }

    /// Computes the logits of what goes around the MLP.
    pub fn fill_skip(&self, a: usize, block: &mut Block) {
        match &self.method {
            ForwardMethod::Folded(folded) => folded.fill_skip(a, &mut block.skip),
            ForwardMethod::Literal(literal) => literal.fill(a, block),
        }
    }

    /// Computes the logits.
    pub fn fill_logits(&self, a: usize, block: &mut Block) {
        match &self.method {
            ForwardMethod::Folded(folded) => {
                folded.fill_inputs(a, &mut block.inputs);
                self.logits_from_inputs(folded, a, block);
            }
            ForwardMethod::Literal(literal) => {
                literal.fill(a, block);
                self.logits_from_neurons(block);
            }
        }
    }

    /// Computes both neurons and logits, cheaper than one after the other.
    pub fn fill(&self, a: usize, block: &mut Block) {
        self.fill_neurons(a, block);
        match &self.method {
            ForwardMethod::Folded(folded) => self.logits_from_inputs(folded, a, block),
            ForwardMethod::Literal(_) => self.logits_from_neurons(block),
        }
    }

    fn logits_from_inputs(&self, folded: &Folded, a: usize, block: &mut Block) {
        folded.fill_direct(a, &mut block.logits);
        for b in 0..self.p {
            add_scaled(block.logits.row_mut(b), 1.0, &self.bias);
        }
        folded.add_mlp(&self.tiled_map, &mut block.inputs, &mut block.logits);
    }

    fn logits_from_neurons(&self, block: &mut Block) {
        block.logits = block.skip.clone();
        for b in 0..self.p {
            add_scaled(block.logits.row_mut(b), 1.0, &self.bias);
        }
        self.tiled_map.add_product(&block.neurons, &mut block.logits);
    }

    /// The logits of all pairs.
    pub fn logits(&self) -> GridLogits {
        let mut grid = GridLogits::zeros(self.p);
        let mut block = self.new_block();
        for a in 0..self.p {
            // Without heads "=" sees neither a nor b.
            let same = a > 0 && matches!(&self.method, ForwardMethod::Folded(folded) if !folded.has_heads());
            if !same {
                self.fill_logits(a, &mut block);
            }
            grid.block_mut(a).copy_from_slice(block.logits.values());
        }
        grid
    }

    /// The logits N W_Lᵀ of rows of neurons, without skip and bias.
    pub fn through_map(&self, neurons: &Matrix) -> Matrix {
        let mut logits = Matrix::zeros(neurons.rows(), self.n_out);
        self.tiled_map.add_product(neurons, &mut logits);
        logits
    }
}
