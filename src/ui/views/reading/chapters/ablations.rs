//! What ablations show.

use crate::analysis::modular::ablation::PaperAblation;
use crate::ui::views::reading::action::ReadingAblation;
use crate::ui::views::reading::prose::{Block, Chapter, Piece, ablate, para, say, show, term};
use crate::ui::views::reading::run_number as of_run;

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
            "What is found on the last weights of the run on show, whose loss over all pairs is ",
            of_run::LOSS_ALL,
            ":"
        ],
        Block::List(vec![
            say![
                paper("Keep of the logits' spectrum", PaperAblation::KeepKeyComponents),
                " only the constant and the eight terms of each key frequency: ",
                of_run::ablation_loss(PaperAblation::KeepKeyComponents),
                ". Where the loss falls, what was thrown away was harmful noise."
            ],
            say![
                paper("Replace the sorted neurons", PaperAblation::PolynomialNeurons),
                ", ",
                of_run::N_CLUSTERED,
                " of them, by the polynomial in the waves that fits each best: ",
                of_run::ablation_loss(PaperAblation::PolynomialNeurons),
                ". Where that is hardly a change, the description is good enough to run."
            ],
            say![
                paper("Keep of the neurons only the waves of a + b", PaperAblation::SumWaveNeurons),
                " at the key frequencies: ",
                of_run::ablation_loss(PaperAblation::SumWaveNeurons),
                "."
            ],
            say![
                paper("Let the logits read only the directions", PaperAblation::ProjectWl),
                " of the neurons that belong to the key frequencies: ",
                of_run::ablation_loss(PaperAblation::ProjectWl),
                ". ",
                paper("Only the rest", PaperAblation::ComplementWl),
                ": ",
                of_run::ablation_loss(PaperAblation::ComplementWl),
                ". Guessing evenly costs ",
                of_run::GUESS_LOSS,
                "."
            ],
            say![
                ablate("Remove one key frequency", ReadingAblation::StrongestFreq),
                " from the logits: the train loss rises from ",
                of_run::TRAIN_LOSS_LAST,
                " to ",
                of_run::WITHOUT_ONE_FREQ,
                ", depending on which. Remove any other: no harm. ",
                paper("Remove all of them", PaperAblation::RemoveKeyComponents),
                ": ",
                of_run::ablation_loss(PaperAblation::RemoveKeyComponents),
                "."
            ],
        ]),
        para![
            "In the paper's network removing noise makes the network better than it was. That is strong evidence: a \
             wrong explanation, put in the network's place, does not outperform it."
        ],
    ]
}

/// Words that make one of the paper's ablations of the run on show.
fn paper(words: &'static str, ablation: PaperAblation) -> Piece {
    ablate(words, ReadingAblation::Paper(ablation))
}
