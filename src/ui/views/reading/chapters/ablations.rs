//! What ablations show.

use crate::analysis::modular::ablation::{PAPER_LOSS_UNABLATED, PaperAblation};
use crate::ui::views::reading::action::ReadingAblation;
use crate::ui::views::reading::prose::{Block, Chapter, Piece, ablate, para, say, show, term};

pub(super) const CHAPTER: Chapter = Chapter { title: "Ablations", text };

fn text() -> Vec<Block> {
    [opening(), findings()].into_iter().flatten().collect()
}

/// What an ablation is.
fn opening() -> Vec<Block> {
    vec![para![
        "An explanation can be tested. An ",
        term("ablation"),
        " removes a part of the computation and looks at what the rest still does. If the story of the \
             waves is true, removing what it calls essential must break the network, and removing everything \
             else must not. ",
        show("The ablation panel", "knife"),
        " does it with any checkpoint at hand; the phrases below do it with the run on show, and ",
        ablate("the whole model", ReadingAblation::Whole),
        " is one press away. ",
        show("A table", "ablations"),
        " holds the paper's values beside the run's."
    ]]
}

/// What the paper found.
fn findings() -> Vec<Block> {
    vec![
        para![
            "What the paper found on its final network, whose loss over all pairs is ",
            PAPER_LOSS_UNABLATED,
            ":"
        ],
        Block::List(vec![
            say![
                paper("Keep of the logits' spectrum", PaperAblation::KeepKeyComponents),
                " only the constant and the eight terms of each of the five key frequencies: the loss falls by \
                 70 %, to ",
                PaperAblation::KeepKeyComponents.paper_loss(),
                ". What was thrown away was harmful noise."
            ],
            say![
                paper("Replace the 433 sorted neurons", PaperAblation::PolynomialNeurons),
                " by the polynomial in the waves that fits each best: ",
                PaperAblation::PolynomialNeurons.paper_loss(),
                ", hardly a change. The description is good enough to run."
            ],
            say![
                paper("Keep of the neurons only the waves of a + b", PaperAblation::SumWaveNeurons),
                " at the key frequencies: ",
                PaperAblation::SumWaveNeurons.paper_loss(),
                ", better by 77 %."
            ],
            say![
                paper("Let the logits read only the ten directions", PaperAblation::ProjectWl),
                " of the neurons that belong to the key frequencies: ",
                PaperAblation::ProjectWl.paper_loss(),
                ". ",
                paper("Only the rest", PaperAblation::ComplementWl),
                ": ",
                PaperAblation::ComplementWl.paper_loss(),
                ", worse than guessing evenly at 4.73; in eight other networks 3.9 to 5.1, about as bad as guessing."
            ],
            say![
                ablate("Remove one key frequency", ReadingAblation::StrongestFreq),
                " from the logits: the train loss rises from 1e-7 to between 2.8e-4 and 7.2e-2, depending on \
                 which. Remove any other: no harm. ",
                paper("Remove all five", PaperAblation::RemoveKeyComponents),
                ": worse than guessing."
            ],
        ]),
        para![
            "Removing noise makes the network better than it was. That is strong evidence: a wrong \
             explanation, put in the network's place, does not outperform it."
        ],
    ]
}

/// Words that make one of the paper's ablations of the run on show.
fn paper(words: &'static str, ablation: PaperAblation) -> Piece {
    ablate(words, ReadingAblation::Paper(ablation))
}
