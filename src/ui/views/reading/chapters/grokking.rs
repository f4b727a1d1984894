//! What grokking is.

use crate::config::Preset;
use crate::ui::views::reading::action::PhraseAction;
use crate::ui::views::reading::prediction::AFTER_MEMORISING;
use crate::ui::views::reading::prose::{Block, Chapter, act, para, show, term};
use crate::ui::views::reading::run_number as of_run;

pub(super) const CHAPTER: Chapter = Chapter { title: "What grokking is", text };

fn text() -> Vec<Block> {
    vec![
        para![
            "Take all sums a + b modulo ",
            of_run::P,
            ". Show a small neural network the answers to ",
            of_run::TRAIN_PART,
            " of them, over and over. The run on show knows the answers it was shown by ",
            of_run::MEMORISED,
            ". Now ask it for the others."
        ],
        Block::Predict(AFTER_MEMORISING),
        para![
            "Its loss on them is far worse than guessing. It is right on ",
            of_run::TEST_ACCURACY_THEN,
            " of them, but only because b + a is a + b and it was shown the mirror image; of the sums without one \
             it gets ",
            of_run::UNMIRRORED_THEN,
            " right. It has memorised a table."
        ],
        para![
            "Let it train on, changing nothing. For thousands of steps ",
            show("the loss curves", "loss-chart"),
            " look finished. Then, at ",
            of_run::GROKS,
            ", nearly all the sums it never saw come out right. The loss on them falls from ",
            of_run::TEST_LOSS_BEFORE,
            " to ",
            of_run::TEST_LOSS_LAST,
            ". This jump from memorising to understanding, long after the training answers were perfect, is called ",
            term("grokking"),
            "."
        ],
        para![
            "It looks sudden. Nanda and colleagues took the network apart and found that it is not. They \
             worked out which algorithm the network ends up with, and from it made measures that move while \
             the curves stand still: the algorithm grows slowly, hidden behind the memorised table, and the \
             jump comes when the table is cleared away."
        ],
        para![
            "This page holds their experiment. The recorded run began with the very weights that theirs began with, and it \
             ended with the same five frequencies. You can look at it, or train a network of your own: ",
            act("the quick preset", PhraseAction::SetPreset(Preset::Quick)),
            " groks within a minute on an ordinary processor, ",
            act("the mainline preset", PhraseAction::SetPreset(Preset::Mainline)),
            " is that run once more, ",
            act("the paper's preset", PhraseAction::SetPreset(Preset::Paper)),
            " begins with other weights. Phrases underlined with dots, like these, control the page."
        ],
    ]
}
