//! The three phases of a run.

use crate::ui::views::reading::action::Moment;
use crate::ui::views::reading::prose::{Block, Chapter, go, para, say, show, term};
use crate::ui::views::reading::run_number as of_run;

pub(super) const CHAPTER: Chapter = Chapter { title: "Three phases", text };

fn text() -> Vec<Block> {
    vec![
        para![
            "Seen through these measures the run falls into three phases. The steps are those of the run on show; the \
             paper's authors drew their boundaries by eye."
        ],
        Block::Terms(vec![
            (
                "Memorisation",
                say![
                    "To ",
                    of_run::MEMORISATION_END,
                    ". ",
                    go("Here", Moment::Memorised),
                    " train loss has fallen, test loss risen, the weights grown. Excluded loss falls with the train loss: \
                     what is learnt does not use the key frequencies."
                ],
            ),
            (
                "Circuit formation",
                say![
                    "To ",
                    of_run::CLEANUP_START,
                    ". Train and test loss hardly move. Yet ",
                    go("by its end", Moment::CleanupBegins),
                    " excluded loss has climbed ",
                    of_run::EXCLUDED_FORMED,
                    ", restricted loss has fallen ",
                    of_run::RESTRICTED_FORMED,
                    ", and the weights shrink: the network goes over from the table to the \
                     algorithm, at nearly equal train loss and ever smaller cost."
                ],
            ),
            (
                "Cleanup",
                say![
                    "To ",
                    of_run::CLEANUP_END,
                    ". ",
                    go("In the end", Moment::CleanedUp),
                    " the table is no longer needed, and weight decay removes what is left of it. The sum of squares \
                     drops ",
                    of_run::SUM_SQ_CLEANED,
                    ", the spectra become sparse, and the test loss falls at last. Grokking, \
                     as one sees it from outside, is this last step."
                ],
            ),
        ]),
        para![
            "This lab draws the boundaries by a rule, so that any run has them. ",
            term("Memorisation"),
            " ends where the excluded loss is least; it counts as over once that loss has doubled. ",
            term("Cleanup"),
            " begins at the knee of the sum of squares: between the end of memorisation and the point where the \
             weights have settled, the place where its logarithm lies highest above the straight line between \
             the two. It ends when the sum of squares stays within a fiftieth of its total fall. On the paper's \
             own curves the rule gives 1,300, 8,900 and 13,800. ",
            show("The ribbon", "ribbon"),
            " under the time line shows them."
        ],
    ]
}
