//! Where the numbers and ideas are from.

use crate::ui::views::reading::prose::{Block, Chapter, link, para, say};

pub(super) const CHAPTER: Chapter = Chapter { title: "Sources", text };

fn text() -> Vec<Block> {
    [paper_sources(), related_work()].into_iter().flatten().collect()
}

/// The paper, its code and its curves.
fn paper_sources() -> Vec<Block> {
    vec![
        para!["The experiment, the measures and the numbers called the paper's:"],
        Block::List(vec![say![
            "Nanda, Chan, Lieberum, Smith, Steinhardt: ",
            link(
                "Progress measures for grokking via mechanistic interpretability",
                "https://arxiv.org/abs/2301.05217"
            ),
            ", ICLR 2023. ",
            link(
                "Their code",
                "https://github.com/mechanistic-interpretability-grokking/progress-measures-paper"
            ),
            ", and ",
            link("the curves of the main run", "https://github.com/neelnanda-io/Grokking"),
            ", from which values at single steps were read."
        ]]),
    ]
}

/// What came before and after it.
fn related_work() -> Vec<Block> {
    vec![
        para!["Before and after it:"],
        Block::List(vec![
            say![
                "Power and others: ",
                link(
                    "Grokking: generalization beyond overfitting on small algorithmic datasets",
                    "https://arxiv.org/abs/2201.02177"
                ),
                ", 2022. The discovery."
            ],
            say![
                "Thilak and others: ",
                link("The slingshot mechanism", "https://arxiv.org/abs/2206.04817"),
                ", 2022."
            ],
            say![
                "Liu, Michaud, Tegmark: ",
                link("Omnigrok: grokking beyond algorithmic data", "https://arxiv.org/abs/2210.01117"),
                ", 2022."
            ],
            say![
                "Gromov: ",
                link("Grokking modular arithmetic", "https://arxiv.org/abs/2301.02679"),
                ", 2023. An exact solution in a network without attention."
            ],
            say![
                "Chughtai, Chan, Nanda: ",
                link("A toy model of universality", "https://arxiv.org/abs/2302.03025"),
                ", 2023. Other groups; the four further networks behind the verdict's ranges."
            ],
            say![
                "Zhong, Liu, Tegmark, Andreas: ",
                link("The clock and the pizza", "https://arxiv.org/abs/2306.17844"),
                ", 2023. Another algorithm for the same task."
            ],
            say![
                "Prieto and others: ",
                link("Grokking at the edge of numerical stability", "https://arxiv.org/abs/2501.04697"),
                ", 2025. What rounding in the softmax does."
            ],
        ]),
    ]
}
