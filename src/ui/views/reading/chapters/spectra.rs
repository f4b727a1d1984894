//! How one sees the algorithm: Fourier spectra.

use crate::ui::views::reading::action::Moment;
use crate::ui::views::reading::formula::{frac, of, root, row, sub, sup, w_k};
use crate::ui::views::reading::prediction::HOW_MANY_FREQS;
use crate::ui::views::reading::prose::{Block, Chapter, go, para, show, term};
use crate::ui::views::reading::run_number as of_run;

pub(super) const CHAPTER: Chapter = Chapter { title: "How we can see it", text };

fn text() -> Vec<Block> {
    [spectra(), pairs()].into_iter().flatten().collect()
}

/// The waves, and the spectra of W_E and W_L.
fn spectra() -> Vec<Block> {
    vec![
        para![
            "A network that thinks in waves should look simple when taken apart into waves. The waves over the \
             numbers x = 0 … p − 1, made to have length 1 and stand at right angles to each other, are"
        ],
        Block::Display(row![
            frac("1", root("p")),
            ",  ",
            root(frac("2", "p")),
            of("cos", row![w_k(), "x"]),
            ",  ",
            root(frac("2", "p")),
            of("sin", row![w_k(), "x"]),
            ",  ",
            row!["k", "=", "1", "…", frac(row!["p", "−", "1"], "2")]
        ]),
        para![
            "a constant and ",
            of_run::N_FREQS,
            " frequencies for p = ",
            of_run::P,
            ". Any function of one number is a mixture of them, and \
             any function of a pair (a, b) a mixture of their products."
        ],
        Block::Predict(HOW_MANY_FREQS),
        para![
            show("The spectrum of the embedding", "spectrum-chart"),
            " shows how much of each wave is in ",
            sub("W", "E"),
            ". ",
            go("At the start", Moment::First),
            " it is flat, for random weights favour no frequency. ",
            go("In the end", Moment::Last),
            " a few peaks stand out of almost nothing; in the paper's run six, five of which the network uses. The same \
             holds for the neuron-logit map ",
            sub("W", "L"),
            ", Fourier-transformed over the answers c. Its frequencies are the ",
            term("key frequencies"),
            ": here, those whose norm is above a quarter of the largest. The run on show has ",
            of_run::N_KEY_FREQS,
            ". The paper gives no threshold; a \
             weak frequency may lie on either side of any. One is in use if neurons compute it, too."
        ],
    ]
}

/// The spectrum over pairs, neurons, attention, and the fraction of variance explained.
fn pairs() -> Vec<Block> {
    vec![
        para![
            "The logits are functions of pairs. In a network that has grokked ",
            show("their spectrum over pairs", "panel-logits"),
            " has ",
            of_run::N_COMPONENTS,
            " components that count out of ",
            of_run::N_PAIRS,
            ", a block of two by two for each key frequency: the products of cosine or sine of ",
            row![w_k(), "a"],
            " with cosine or sine of ",
            row![w_k(), "b"],
            ", which is just what ",
            of("cos", row![w_k(), "(", "a", "+", "b", ")"]),
            " and its sine are made of. ",
            show("Neurons", "panel-neurons"),
            " sort themselves by frequency: ",
            of_run::N_CLUSTERED,
            " of ",
            of_run::D_MLP,
            " are explained to more than 85 % by one frequency's waves and their products. ",
            show("Attention", "panel-attention"),
            " swings with one frequency for each head."
        ],
        para![
            "How much a few waves account for is the ",
            term("fraction of variance explained"),
            ": 1 minus the squared length of what is left over, divided by the squared length of the whole, \
             after the mean is taken off,"
        ],
        Block::Display(row![
            "FVE",
            "=",
            "1",
            "−",
            frac(sup(row!["‖", "y", "−", "fit", "‖"], "2"), sup(row!["‖", "y", "‖"], "2"))
        ]),
    ]
}
