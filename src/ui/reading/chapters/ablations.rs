//! What ablations show.

use crate::ui::reading::gesture::Incision;
use crate::ui::reading::prose::{Block, Chapter, cut, para, say, show, term};
use crate::ui::surgery::PaperCut;

pub(super) const CHAPTER: Chapter = Chapter { title: "Taking it apart", text };

fn text() -> Vec<Block> {
    vec![
        para![
            "An explanation can be tested by surgery. An ",
            term("ablation"),
            " removes a part of the computation and looks at what the rest still does. If the story of the \
             waves is true, removing what it calls essential must break the network, and removing everything \
             else must not. ",
            show("The knife", "knife"),
            " does it with any checkpoint at hand; the phrases below do it with the run on show, and ",
            cut("the whole model", Incision::Whole),
            " is one press away. ",
            show("A table", "ablations"),
            " holds the paper's values beside the run's."
        ],
        para!["What the paper found on its final network, whose loss over all pairs is 2.41e-7:"],
        Block::List(vec![
            say![
                cut("Keep of the logits' spectrum", Incision::Paper(PaperCut::KeyComponents)),
                " only the constant and the eight terms of each of the five key frequencies: the loss falls by \
                 70 %, to 7.24e-8. What was thrown away was harmful noise."
            ],
            say![
                cut("Replace the 433 sorted neurons", Incision::Paper(PaperCut::PolynomialNeurons)),
                " by the polynomial in the waves that fits each best: 2.48e-7, hardly a change. The description \
                 is good enough to run."
            ],
            say![
                cut("Keep of the neurons only the waves of a + b", Incision::Paper(PaperCut::SumWaveNeurons)),
                " at the key frequencies: 5.54e-8, better by 77 %."
            ],
            say![
                cut("Let the logits read only the ten directions", Incision::Paper(PaperCut::ProjectWl)),
                " of the neurons that belong to the key frequencies: 1.19e-7. ",
                cut("Only the rest", Incision::Paper(PaperCut::ComplementWl)),
                ": 5.27, worse than guessing evenly at 4.73."
            ],
            say![
                cut("Remove one key frequency", Incision::StrongestFreq),
                " from the logits: the train loss rises from 1e-7 to between 2.8e-4 and 7.2e-2, depending on \
                 which. Remove any other: no harm. ",
                cut("Remove all five", Incision::Paper(PaperCut::WithoutKeyComponents)),
                ": worse than guessing."
            ],
        ]),
        para![
            "Removing noise makes the network better than it was. That is strong evidence: a wrong \
             explanation, put in the network's place, does not outperform it."
        ],
    ]
}
