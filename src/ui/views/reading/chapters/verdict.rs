//! The verdict: what it means and what is robust.

use crate::ui::views::reading::prose::{Block, Chapter, para, say, show};

pub(super) const CHAPTER: Chapter = Chapter { title: "The verdict", text };

fn text() -> Vec<Block> {
    vec![
        para![
            show("The verdict", "verdict"),
            " holds a run against 34 claims of the paper, each with the paper's value, the range accepted and \
             the run's own. The ranges are not the paper's digits plus or minus a margin: another seed gives \
             another network. They come from the spread over four more fully trained networks of the same \
             shape, published by Chughtai, Chan and Nanda, and from the authors' own runs with other train \
             fractions."
        ],
        Block::Title("What holds for every seed"),
        Block::List(vec![
            say![
                "The order: memorisation, circuit formation, cleanup; memorisation ends between steps 1,000 and 2,000."
            ],
            say!["Restricted loss is below 1 a thousand steps, or 15 %, before test loss is."],
            say!["Excluded loss dips, then rises above guessing while train and test loss lie flat."],
            say![
                "Few frequencies, three to six, in the embedding, the neurons and the logits, the same ones."
            ],
            say!["The logits are a sum of cosines of a + b − c to 94 % or more."],
            say!["Without the key frequencies the network fails; without the rest it works."],
        ]),
        Block::Title("What depends on the seed"),
        Block::List(vec![
            say!["Which frequencies, and how many: the paper's other seeds have three or four."],
            say![
                "When it groks. Among the paper's own runs with 30 % of the data the test loss passes 1 at step \
                 7,583 in one and at 9,900 in another."
            ],
            say![
                "How much an ablation helps. Keeping only the key components changed the loss by between +3 % and \
                 −90 % on other networks."
            ],
            say![
                "How the heads share the work, and whether “=” attends to itself: it does not in the paper's network \
                 and does, by 13 to 20 % in a head or two, in all four of the others."
            ],
        ]),
        para![
            "A pass therefore says: this run does what any run of this experiment should. A fail says where it \
             does not, and the figure beside it shows how."
        ],
    ]
}
