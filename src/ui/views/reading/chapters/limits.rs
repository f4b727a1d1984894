//! What the story leaves open.

use crate::ui::views::reading::prose::{Block, Chapter, link, say};

pub(super) const CHAPTER: Chapter = Chapter { title: "Limits", text };

fn text() -> Vec<Block> {
    vec![Block::List(vec![
        say![
            "Hindsight. The measures use the frequencies of the finished network. They show that progress was \
                 there all along; they do not foretell it, and without the algorithm in hand nobody could have \
                 written them down."
        ],
        say![
            "One task, one shape. Other architectures can learn modular addition in other ways: ",
            link("Zhong and others", "https://arxiv.org/abs/2306.17844"),
            " find networks that average the two points on the circle instead of adding their angles. Group operations in general: ",
            link("Chughtai and others", "https://arxiv.org/abs/2302.03025"),
            "."
        ],
        say![
            "Grokking needs its conditions: a train set neither too small nor too large (in the paper 30 to 50 %; \
                 at 60 % and above the network generalises at once, at 10 and 20 % not within 40,000 steps), and some \
                 regularisation. Weight decay is one; dropout worked in the paper too, an l1 penalty did not."
        ],
        say![
            "The clean picture is that of weight decay. In networks that grokked under dropout the embedding is \
                 not sparse, and the cosines explain less: 71 to 89 % of the logits."
        ],
        say![
            "Rounding. Early training multiplies any difference in the last digit a thousandfold, so two machines, \
                 or two orders of adding up, give runs that differ in detail. On the processor this lab's own engine \
                 repeats a run exactly on the same machine; on a graphics card nobody can promise that. The claims \
                 of the verdict are about what survives such differences."
        ],
    ])]
}
