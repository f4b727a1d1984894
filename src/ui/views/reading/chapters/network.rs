//! The network: a one-layer transformer.

use crate::ui::views::reading::formula::{Formula, frac, of, root, row, sub, subsup, sum};
use crate::ui::views::reading::prose::{Block, Chapter, para, show, term};

pub(super) const CHAPTER: Chapter = Chapter { title: "The network", text };

/// The residual stream x after stage `figure_canvas` at position `at`.
fn x(figure_canvas: &'static str, at: &'static str) -> Formula {
    subsup("x", at, row!["(", figure_canvas, ")"])
}

/// A weight matrix of head j.
fn head(name: &'static str) -> Formula {
    subsup("W", name, "j")
}

fn text() -> Vec<Block> {
    [attention(), mlp_and_logits()].into_iter().flatten().collect()
}

/// Embedding and attention.
fn attention() -> Vec<Block> {
    vec![
        para![
            "One block of a transformer, as plain as it gets: ",
            show("width 128", "set-d_model"),
            ", four attention heads of 32, ",
            show("512 neurons", "set-d_mlp"),
            " with ReLU, no layer normalisation, 226,816 parameters in all. A token is looked up in the \
             embedding ",
            sub("W", "E"),
            " and gets the vector of its position:"
        ],
        Block::Display(row![
            x("0", "i"),
            "=",
            sub("W", "E"),
            "[",
            sub("t", "i"),
            "]",
            "+",
            sub("W", "pos"),
            "[",
            "i",
            "]"
        ]),
        para![
            "Only the last position, “=”, is read. There each head j looks back at the positions ",
            row!["i", "=", "0, 1, 2"],
            " (a, b and “=” itself) with weights that add up to 1, and brings along what it finds:"
        ],
        Block::Display(row![
            subsup("A", "i", "j"),
            "=",
            sub("softmax", "i"),
            "(",
            frac(row!["(", head("K"), x("0", "i"), ")", "·", "(", head("Q"), x("0", "2"), ")"], root("32")),
            ")"
        ]),
        Block::Display(row![
            x("1", "2"),
            "=",
            x("0", "2"),
            "+",
            sum("j"),
            head("O"),
            head("V"),
            sum("i"),
            subsup("A", "i", "j"),
            x("0", "i")
        ]),
    ]
}

/// Neurons, unembedding and how they are trained.
fn mlp_and_logits() -> Vec<Block> {
    vec![
        para!["The neurons work on that, and the unembedding ", sub("W", "U"), " reads the logits off:"],
        Block::Display(row!["N", "=", of("ReLU", row![sub("W", "in"), x("1", "2"), "+", sub("b", "in")])]),
        Block::Display(row![
            "L",
            "=",
            subsup("W", "U", "T"),
            "(",
            x("1", "2"),
            "+",
            sub("W", "out"),
            "N",
            "+",
            sub("b", "out"),
            ")"
        ]),
        para![
            "In a trained network the way around the neurons hardly matters: without it the paper's loss goes \
             from 2.4e-7 to 9.1e-7. So the logits are nearly ",
            row![sub("W", "L"), "N"],
            " with the ",
            term("neuron-logit map"),
            " ",
            row![sub("W", "L"), "=", subsup("W", "U", "T"), sub("W", "out")],
            ", and that is the matrix to look into."
        ],
        para![
            "It is trained by AdamW on the whole train set at every step, with ",
            show("learning rate 0.001", "set-lr"),
            " and ",
            show("weight decay λ = 1", "set-weight_decay"),
            ": besides following the gradient, each step multiplies every weight by ",
            row!["1", "−", "0.001", "λ"],
            ". Grokking needs some such pull towards simplicity; the paper's runs with λ = 0 and nothing in \
             its place did not grok within 40,000 steps."
        ],
    ]
}
