//! The glossary.

use crate::analysis::measure::{MEASURES, Need};
use crate::ui::views::reading::formula::{of, row, sub, subsup, w_k};
use crate::ui::views::reading::prose::{Block, Chapter, Piece, para, say};

pub(super) const CHAPTER: Chapter = Chapter { title: "Glossary", text };

fn text() -> Vec<Block> {
    let mut terms = words();
    terms.extend(measures());
    terms.sort_by_key(|(name, _)| place(name));
    vec![para!["Words and letters as this page uses them."], Block::Terms(terms)]
}

type Term = (&'static str, Vec<Piece>);

/// Where a name stands: by its letters, large or small, and a Greek one by its English name.
fn place(name: &str) -> String {
    name.replace('λ', "lambda").replace('α', "alpha").to_lowercase()
}

/// What can be measured on this page, from the list of measures.
fn measures() -> Vec<Term> {
    let is_known = |need: Need| matches!(need, Need::Weights | Need::Activations | Need::Asked);
    let mut terms: Vec<Term> = Vec::new();
    for measure in MEASURES.iter().filter(|measure| is_known(measure.needs)) {
        if terms.iter().all(|(label, _)| *label != measure.label) {
            terms.push((measure.label, say![measure.meaning]));
        }
    }
    terms
}

/// All other words.
fn words() -> Vec<Term> {
    vec![
        ("ablation", say!["Removing a part of the computation, or keeping it alone, to see what it does."]),
        ("AdamW", say!["The optimiser: Adam with weight decay that acts on the weights directly."]),
        ("checkpoint", say!["The weights at one step."]),
        (
            "cluster",
            say!["The neurons that one frequency explains best, to at least 85 % of their variance."],
        ),
        ("frequency k", say!["How often a wave goes round while x runs from 0 to p − 1."]),
        ("FVE", say!["Fraction of variance explained; 1 is all of it."]),
        ("grokking", say!["Generalising long after the train set is fitted."]),
        ("head", say!["One of the four parts of the attention, each with its own matrices."]),
        ("key frequencies", say!["The few frequencies that the finished network computes with."]),
        ("λ", say!["Weight decay: each step multiplies all weights by 1 − (learning rate) · λ."]),
        ("logits", say!["The scores for every answer, before softmax."]),
        ("p", say!["The modulus, a prime; 113 in the paper."]),
        ("residual stream", say!["The vector x that each part of the network reads and adds to."]),
        (
            "seed",
            say!["The number that starts a random generator: one for the split, one for the first weights."],
        ),
        (
            "slingshot",
            say!["A sudden spike of the loss after it was small, known from training in low precision."],
        ),
        ("step", say!["One update from the whole train set; the paper says epoch."]),
        ("u_k, v_k", say!["The rows of ", sub("W", "L"), " along the cosine and the sine of frequency k."]),
        (
            "w_k",
            say![row![w_k(), "=", "2", "π", "k", "/", "p"], ": the angle that one unit turns the hand by."],
        ),
        (
            "W_E, W_pos, W_Q, W_K, W_V, W_O, W_in, W_out, W_U",
            say![
                "The weights: embedding, positions, query, key, value and output of the heads, into and out of \
                     the neurons, unembedding."
            ],
        ),
        (
            "W_L",
            say![
                "The neuron-logit map ",
                row![subsup("W", "U", "T"), sub("W", "out")],
                ": what each neuron adds to each logit."
            ],
        ),
        (
            "α_k",
            say![
                "The amplitude of ",
                of("cos", row![w_k(), "(", "a", "+", "b", "−", "c", ")"]),
                " in the logits."
            ],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Block, text};
    use crate::analysis::measure::MEASURES;

    #[test]
    fn every_measure_of_the_page_is_explained_once() {
        let terms = text().into_iter().find_map(|block| match block {
            Block::Terms(terms) => Some(terms),
            _ => None,
        });
        let names: Vec<&str> = terms.expect("the terms").into_iter().map(|(name, _)| name).collect();
        for label in ["loss", "accuracy", "excluded loss", "Gini coefficient", MEASURES[0].label] {
            assert!(names.contains(&label), "no {label} among {names:?}");
        }
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "nothing twice: {names:?}");
    }
}
