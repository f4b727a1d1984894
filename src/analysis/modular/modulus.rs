//! The modulus of a model that adds: read off its vocabulary.

use crate::config::MAX_P;
use crate::error::{LabError, Result};
use crate::model::ModelShape;

/// The modulus of a model on `[a, b, =]`: every token is a number, but for "=". Of no other model does it mean
/// anything: see [`check_shape`].
pub fn modulus(shape: &ModelShape) -> usize {
    shape.d_vocab - 1
}

/// Checks that a model can have been trained on sums modulo an odd p: three positions, p numbers and "=" to read, p
/// numbers (and perhaps "=") to predict, causal blocks with an MLP.
///
/// # Errors
/// [`LabError::Content`] with what is otherwise, and what is allowed.
pub fn check_shape(shape: &ModelShape) -> Result<()> {
    let wrong = |reason: String| Err(LabError::content("weights", reason));
    if shape.n_ctx != 3 {
        return wrong(format!("the model reads {} tokens; the sequence of a sum is [a, b, =]", shape.n_ctx));
    }
    let p = modulus(shape);
    if p.is_multiple_of(2) || !(3..=MAX_P).contains(&p) {
        return wrong(format!(
            "embed.W_E has {} tokens; allowed are p + 1 (the numbers and \"=\") with an odd p from 3 to {MAX_P}",
            shape.d_vocab
        ));
    }
    if ![p, p + 1].contains(&shape.d_vocab_out) {
        return wrong(format!(
            "unembed.W_U has {} columns; allowed are {p} and {}",
            shape.d_vocab_out,
            p + 1
        ));
    }
    if !shape.has_mlp() {
        return wrong("the model has no MLP, and the analysis is of one that has".into());
    }
    if !shape.causal {
        return wrong(
            "the model's positions see those after them, and the analysis is of a causal one".into(),
        );
    }
    if shape.residual_scale != 1.0 {
        return wrong(format!(
            "the model multiplies its residual stream by {}, and the analysis is of one that leaves it as it is",
            shape.residual_scale
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_shape;
    use crate::config::Preset;
    use crate::model::ModelShape;

    #[test]
    fn models_of_other_tasks_are_refused_with_what_is_allowed() {
        let config = Preset::Tiny.config();
        let tiny = ModelShape::new(&config.data, &config.model);
        check_shape(&tiny).expect("p = 7");
        check_shape(&ModelShape { d_vocab_out: 7, ..tiny.clone() }).expect("no column for \"=\"");
        for (shape, words) in [
            (ModelShape { n_ctx: 4, ..tiny.clone() }, "reads 4 tokens"),
            (ModelShape { d_vocab: 1, ..tiny.clone() }, "embed.W_E has 1 tokens"),
            (ModelShape { d_vocab: 9, ..tiny.clone() }, "odd p from 3"),
            (ModelShape { d_vocab: 1002, ..tiny.clone() }, "odd p from 3 to 499"),
            (ModelShape { d_vocab_out: 4, ..tiny.clone() }, "unembed.W_U has 4 columns; allowed are 7 and 8"),
            (ModelShape { d_mlp: 0, ..tiny.clone() }, "no MLP"),
            (ModelShape { causal: false, ..tiny.clone() }, "causal"),
            (ModelShape { residual_scale: 2.0, ..tiny.clone() }, "residual stream by 2"),
        ] {
            let error = check_shape(&shape).expect_err(words).to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
