//! The verdict: what it means and what is robust.

use crate::ui::views::reading::prose::{Block, Chapter, para, say, show};

pub(super) const CHAPTER: Chapter = Chapter { title: "The verdict", text };

fn text() -> Vec<Block> {
    vec![
        para![
            show("The verdict", "verdict"),
            " puts 34 claims of the paper to the test, a line each; a line opens to the test, this run's value, \
             the reason, and where seeds are kept the value's place among them. The test follows from \
             the claim, from the paper and from published networks, and was fixed before any of the ten seeds \
             that are to check it was looked at."
        ],
        Block::List(vec![
            say!["Holds: the run shows what the paper claims."],
            say![
                "Differs from the paper: nothing refutes the claim, but a value is not what the paper and the published \
                 networks show. Without the residual stream around the attention the paper's network loses 19.1, \
                 every other one known 0.8 or less."
            ],
            say!["Fails: the run contradicts the claim."],
            say![
                "Not judged: data are missing, or the number is shown without a test because it varies from run to run."
            ],
        ]),
        Block::Title("What a test must tell apart"),
        Block::List(vec![
            say![
                "A network that has only memorised, or one with random weights, fails nearly all: where frequencies \
                 are said to suffice, the same is done with random ones beside it."
            ],
            say![
                "A network that averages the two points on the circle, instead of turning by their sum, is sparse and \
                 uses few frequencies too. Its logits are cosines of a + b − c to 81 %; the claim asks for 90 %."
            ],
            say![
                "Whether a part of the network is sufficient or necessary is judged only if the network solves the task."
            ],
        ]),
        Block::Title("What depends on the seed"),
        Block::List(vec![
            say!["Which frequencies, and how many: the paper's other seeds have three or four."],
            say![
                "When it groks. Among the paper's own runs with 30 % of the data the test loss passes 1 at step \
                 7,583 in one and at 9,900 in another. The step is told, not judged."
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
            "The tests ask for nothing that depends on p = 113: losses stand against that of a guess, steps against \
             the step at which the network generalises. So the one-minute run of the quick preset is judged, too."
        ],
    ]
}
