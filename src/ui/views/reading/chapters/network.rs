//! The network: a one-layer transformer.

use crate::analysis::modular::ablation::PaperAblation;
use crate::ui::views::reading::formula::{Formula, frac, of, root, row, sub, subsup, sum};
use crate::ui::views::reading::prose::{Block, Chapter, para, show, term};
use crate::ui::views::reading::run_number as of_run;

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
            show("width", "set-d_model"),
            " ",
            of_run::D_MODEL,
            ", ",
            of_run::N_HEADS,
            " attention heads of ",
            of_run::D_HEAD,
            ", ",
            of_run::D_MLP,
            " ",
            show("neurons", "set-d_mlp"),
            " with ReLU, no layer normalisation, ",
            of_run::N_PARAMS,
            " parameters in all. A token is looked up in the \
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
            frac(
                row!["(", head("K"), x("0", "i"), ")", "·", "(", head("Q"), x("0", "2"), ")"],
                root(sub("d", "head"))
            ),
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
            "In a trained network the way around the neurons hardly matters: without it the loss over all pairs \
             goes from ",
            of_run::LOSS_ALL,
            " to ",
            of_run::ablation_loss(PaperAblation::ZeroMlpSkip),
            ". So the logits are nearly ",
            row![sub("W", "L"), "N"],
            " with the ",
            term("neuron-logit map"),
            " ",
            row![sub("W", "L"), "=", subsup("W", "U", "T"), sub("W", "out")],
            ", and that is the matrix to look into."
        ],
        para![
            "It is trained by AdamW on the whole train set at every step, with ",
            show("learning rate", "set-lr"),
            " η = ",
            of_run::LR,
            " and ",
            show("weight decay", "set-weight_decay"),
            " λ = ",
            of_run::WEIGHT_DECAY,
            ": besides following the gradient, each step multiplies every weight by ",
            row!["1", "−", "η", "λ"],
            ". Grokking needs some such pull towards simplicity; the paper's runs with λ = 0 and nothing in \
             its place did not grok within 40,000 steps."
        ],
    ]
}
