//! What grokking is.

use crate::config::Preset;
use crate::ui::views::reading::action::PhraseAction;
use crate::ui::views::reading::prose::{Block, Chapter, act, para, show, term};

pub(super) const CHAPTER: Chapter = Chapter { title: "What grokking is", text };

fn text() -> Vec<Block> {
    vec![
        para![
            "Take all sums a + b modulo 113. Show a small neural network the answers to three tenths of them, \
             over and over. In the paper's run it knows every answer it was shown by step 200. Ask it for the \
             others and its loss is far worse than guessing: in the recorded run it is right on 14 % of them, but \
             only because b + a is a + b and it was shown the mirror image; on sums without one it is right on 1 in \
             2,000. It has \
             memorised a table."
        ],
        para![
            "Let it train on, changing nothing. For thousands of steps ",
            show("the loss curves", "loss-chart"),
            " look finished. Then, around step 10,000, the loss on the sums it never saw falls: from 4 at step \
             9,400 to below a millionth at step 14,000. Now it can add. This jump from memorising to \
             understanding, long after the training answers were perfect, is called ",
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
            "This page holds their experiment. You can look at a recorded run, or train your own: ",
            act("the quick preset", PhraseAction::SetPreset(Preset::Quick)),
            " groks within a minute on an ordinary processor, ",
            act("the paper's preset", PhraseAction::SetPreset(Preset::Paper)),
            " is the original. Phrases underlined with dots, like these, control the page."
        ],
    ]
}
