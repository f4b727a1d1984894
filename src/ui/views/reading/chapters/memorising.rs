//! Memorisation, and why float32 matters to it.

use crate::config::Preset;
use crate::ui::views::reading::action::PhraseAction;
use crate::ui::views::reading::formula::{of, row, sub, sum, sup};
use crate::ui::views::reading::prose::{Block, Chapter, act, para, show};
use crate::ui::views::reading::run_number as of_run;

pub(super) const CHAPTER: Chapter = Chapter { title: "Memorising", text };

fn text() -> Vec<Block> {
    vec![
        para![
            "A table of ",
            of_run::N_TRAIN,
            " answers fits easily into ",
            of_run::N_PARAMS,
            " numbers, and the gradient finds it at once. ",
            show("Train accuracy", "accuracy-chart"),
            " is nearly perfect by ",
            of_run::MEMORISED,
            " and the train loss passes a millionth at ",
            of_run::TRAIN_LOSS_GONE,
            ". Meanwhile the test loss climbs to ",
            of_run::TEST_LOSS_LARGEST,
            ": the network is confident about every sum, and on those it never saw they are \
             wrong."
        ],
        para![
            "Memorising is expensive in weight. The sum of squares of all weights, ",
            of_run::SUM_SQ_FIRST,
            " at the start, is ",
            of_run::SUM_SQ_MEMORISED,
            " when the table is learned. Weight decay then taxes every unit of it at each step, and the \
             loss, being almost zero already, has little to say against. What survives is whatever gives the \
             answers most cheaply. A rule that serves all sums is cheaper than a table with an entry for each, \
             but it must first be found."
        ],
        Block::Title("A loss of one ten-millionth"),
        para![
            "All of this plays at losses below a millionth, where single precision runs out. With c the right \
             answer, the loss of one sum is"
        ],
        Block::Display(row![
            of("ln", row!["1", "+", "s"]),
            ",   ",
            "s",
            "=",
            sum(row!["d", "≠", "c"]),
            of("exp", row![sub("L", "d"), "−", sub("L", "c")])
        ]),
        para![
            "In float32, 1 + s is 1 once s is below ",
            row!["6", "·", sup("10", "−8")],
            ": the loss of that sum becomes exactly 0, its gradient loses what would still raise the right \
             logit, and training turns erratic. The paper's run computed the loss in float64. A graphics card \
             in a browser has no float64, so this lab computes ln(1 + s) from s itself, without forming 1 + s: \
             float32 then carries losses down to 1e-38. ",
            show("The loss setting", "set-loss"),
            " has the textbook form too; ",
            act("the slingshot preset", PhraseAction::SetPreset(Preset::Slingshot)),
            " trains with it and shows the spikes known as slingshots (paper, appendix D.2)."
        ],
    ]
}
