//! The progress measures, as the paper's code defines them.

use crate::ui::views::reading::formula::{Formula, frac, of, root, row, sub, sum, w_k, words};
use crate::ui::views::reading::prediction::WHICH_FALLS_FIRST;
use crate::ui::views::reading::prose::{Block, Chapter, para, show, term};
use crate::ui::views::reading::run_number as of_run;

pub(super) const CHAPTER: Chapter = Chapter { title: "Progress measures", text };

/// The inner product of a wave with the logits.
fn with_logits(wave: Formula) -> Formula {
    row!["⟨", wave, ",", "L", "⟩"]
}

/// A wave of a + b: `√2/p · function(w_k(a + b))`.
fn sum_wave(function: &'static str) -> Formula {
    row![frac(root("2"), "p"), of(function, row![w_k(), "(", "a", "+", "b", ")"])]
}

fn text() -> Vec<Block> {
    [projection(), losses(), sparsity()].into_iter().flatten().collect()
}

/// The logits of the algorithm alone: their projection on the waves of the key frequencies.
fn projection() -> Vec<Block> {
    vec![
        para![
            "Once the algorithm is known, one can ask of any network on the way: how much of the algorithm is \
             there, and how much of the table? The paper splits the logits. On the grid of all ",
            row!["p", "·", "p"],
            " pairs let"
        ],
        Block::Display(row![
            sub("C", "k"),
            "=",
            sum_wave("cos"),
            ",   ",
            sub("S", "k"),
            "=",
            sum_wave("sin")
        ]),
        para![
            "two functions of length 1 for each frequency, and let Π keep of the logits, for every answer c, only their part along those of the key frequencies:"
        ],
        Block::Display(row![
            "Π",
            "L",
            "=",
            sum(words("key k")),
            sub("C", "k"),
            with_logits(sub("C", "k")),
            "+",
            sub("S", "k"),
            with_logits(sub("S", "k"))
        ]),
        para![
            "The key frequencies are taken from the run's last checkpoint and used for all of them. Everything \
             below is computed in float64, and the “=” is left out of the answers."
        ],
    ]
}

/// Restricted and excluded loss.
fn losses() -> Vec<Block> {
    vec![
        Block::Title("Restricted loss"),
        para![
            show("Restricted loss", "circuits-chart"),
            " is the loss over all pairs of the algorithm's part alone, with each answer's mean over all pairs \
             put back:"
        ],
        Block::Display(row![
            sub("L", "restricted"),
            "=",
            "Π",
            "L",
            "+",
            sub("mean", row!["a", ",", "b"]),
            "L"
        ]),
        Block::Predict(WHICH_FALLS_FIRST),
        para![
            "It falls as soon as the algorithm takes shape, thousands of steps before the test loss, for the \
             memorised part, which spoils the test, is not in it. It is below 1 at ",
            of_run::RESTRICTED_LOW,
            "; the test loss is at ",
            of_run::TEST_LOSS_LOW,
            "."
        ],
        Block::Title("Excluded loss"),
        para![
            show("Excluded loss", "circuits-chart"),
            " is the loss over the train pairs of everything else:"
        ],
        Block::Display(row![sub("L", "excluded"), "=", "L", "−", "Π", "L"]),
        para![
            "While the network lives by its table it does not need the key frequencies, and the excluded loss \
             is small: ",
            of_run::EXCLUDED_LEAST,
            ". As the network comes to rely on the algorithm, taking it away hurts more and more. The loss rises to ",
            of_run::EXCLUDED_LARGEST,
            " while the train loss hardly stirs. Removing one frequency at a time gives one such loss for each."
        ],
    ]
}

/// Gini coefficient and sum of squares.
fn sparsity() -> Vec<Block> {
    vec![
        Block::Title("Sparsity and weight"),
        para![
            "Two more follow the clearing up. The ",
            term("Gini coefficient"),
            " (",
            show("its curves", "gini-chart"),
            ") of a spectrum ",
            row![sub("v", "1"), "≤", "…", "≤", sub("v", "n")],
            ", here of the norms in ",
            sub("W", "E"),
            " and ",
            sub("W", "L"),
            ", is near 0 where all waves weigh the same and near 1 where few carry all:"
        ],
        Block::Display(row![
            "G",
            "=",
            frac(
                row![sum("i"), "(", "2", "i", "−", "n", "−", "1", ")", sub("v", "i")],
                row!["n", sum("i"), sub("v", "i")]
            )
        ]),
        para![
            "And the ",
            show("sum of the squares of all weights", "weights-chart"),
            " tells what weight decay still has to pay for."
        ],
    ]
}
