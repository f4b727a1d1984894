//! The algorithm: rotations, products to sums, read-off.

use crate::ui::views::reading::formula::{Formula, frac, lines, of, row, sub, sum, w_k, words};
use crate::ui::views::reading::prose::{Block, Chapter, para, show, term};
use crate::ui::views::reading::run_number as of_run;

pub(super) const CHAPTER: Chapter = Chapter { title: "The algorithm it finds", text };

/// A little room between factors.
const THIN: &str = "\u{2009}";

/// `function(w_k x)` for a variable or a sum of them.
fn wave(function: &'static str, x: &'static str) -> Formula {
    let inside = match x {
        "a+b" => row!["(", "a", "+", "b", ")"],
        "a+b−c" => row!["(", "a", "+", "b", "−", "c", ")"],
        variable => variable.into(),
    };
    of(function, row![w_k(), inside])
}

fn text() -> Vec<Block> {
    [angles(), read_off(), several_freqs()].into_iter().flatten().collect()
}

/// Numbers become angles, products become sums.
fn angles() -> Vec<Block> {
    vec![
        Block::Title("Numbers become angles"),
        para!["Choose a whole number k, the ", term("frequency"), ", and let"],
        Block::Display(row![w_k(), "=", frac(row!["2", "π", "k"], "p")]),
        para![
            "Put the number a on a circle, at the angle ",
            row![w_k(), "a"],
            ". Adding p to a adds k whole turns, which changes nothing: angles wrap around just as numbers do \
             modulo p. So to add numbers modulo p, add their angles. ",
            show("The embedding", "panel-circles"),
            " of the grokked network stores each number as the points ",
            row![wave("cos", "a"), ",", wave("sin", "a")],
            " of a handful of such circles."
        ],
        Block::Title("Products become sums"),
        para!["Turning by a and then by b is multiplication of cosines and sines:"],
        Block::Display(lines([
            row![wave("cos", "a+b"), "="],
            row![
                wave("cos", "a"),
                THIN,
                wave("cos", "b"),
                "−",
                wave("sin", "a"),
                THIN,
                wave("sin", "b"),
                ","
            ],
            row![wave("sin", "a+b"), "="],
            row![
                wave("sin", "a"),
                THIN,
                wave("cos", "b"),
                "+",
                wave("cos", "a"),
                THIN,
                wave("sin", "b"),
                "."
            ],
        ])),
        para![
            "Attention and the neurons make these products, roughly: weights times values, and a ReLU, are \
             near enough to polynomials of second degree in the waves. Nearly every neuron serves one \
             frequency. What matters is what the neurons together hand on. Here is one that is fed the same wave of a \
             and of b:"
        ],
        Block::Neuron,
        para![
            "Its waves of a + b turn with the phase, and those of a − b, which it has too, do not: added up over \
             neurons of many phases with weights of both signs, the second cancel and the first remain."
        ],
    ]
}

/// How the answer is read off.
fn read_off() -> Vec<Block> {
    vec![
        Block::Title("The answer is read off"),
        para!["The same identity the other way round, once more with every c:"],
        Block::Display(lines([
            row![wave("cos", "a+b−c"), "="],
            row![
                wave("cos", "a+b"),
                THIN,
                wave("cos", "c"),
                "+",
                wave("sin", "a+b"),
                THIN,
                wave("sin", "c"),
                "."
            ],
        ])),
        para![
            "The first factors come from the neurons, the second ones stand ready in the map ",
            sub("W", "L"),
            ". The result is 1 where c = (a + b) mod p and less everywhere else. Add up several frequencies, \
             each with its weight, and you have the network's logits:"
        ],
        Block::Display(row![sub("L", "c"), "≈", sum(words("key k")), sub("α", "k"), wave("cos", "a+b−c")]),
        para![
            "In the run on show the frequencies are ",
            of_run::KEY_FREQS,
            ", and this formula, with one number α for each, accounts for ",
            of_run::LOGIT_FVE,
            " of the squared length of the logits. Putting it in the network's place changes the loss over all pairs from ",
            of_run::LOSS_ALL,
            " to ",
            of_run::COSINE_FIT_LOSS,
            "."
        ],
    ]
}

/// Why one frequency is too few.
fn several_freqs() -> Vec<Block> {
    vec![
        Block::Title("Why several frequencies"),
        para![
            "One clock is not enough. With k = 14, an answer that is off by 8 turns the hand by 14 · 8 = 112 \
             of 113 parts, almost a full turn, and its cosine is 0.998: too close to 1 to tell. Other \
             frequencies put that answer elsewhere. Only the right one has all cosines at 1 together. Try it:"
        ],
        Block::Example,
        Block::Title("Be the network"),
        para![
            "Now set how many clocks there are, and how strong. The loss falls with both; weight decay taxes the \
             strength, and the bill is the same for one strong clock or several weak ones."
        ],
        Block::BeTheNetwork,
    ]
}
