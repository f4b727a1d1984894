//! The task: modular addition.

use crate::ui::views::reading::formula::{frac, of, row, sub, sum, words};
use crate::ui::views::reading::prose::{Block, Chapter, para, show, term};
use crate::ui::views::reading::run_number as of_run;

pub(super) const CHAPTER: Chapter = Chapter { title: "The task", text };

fn text() -> Vec<Block> {
    vec![
        para![
            "Fix a prime p, here ",
            of_run::P,
            ". Given two numbers a and b from 0 to p − 1, answer with the remainder of \
             a + b after division by p:"
        ],
        Block::Display(row!["c", "=", "(", "a", "+", "b", ")", words(" mod "), "p"]),
        para![
            "It is addition on a clock face with p hours. There are ",
            row!["p", "·", "p"],
            " ordered pairs, hence as many questions: ",
            of_run::N_PAIRS,
            ". ",
            show("The train fraction", "set-frac_train"),
            " of them, ",
            of_run::TRAIN_PART,
            " or ",
            of_run::N_TRAIN,
            ", form the train set; the other ",
            of_run::N_TEST,
            " are the test set and never trained on. ",
            show("The split", "set-split"),
            " is a shuffle by a numbered generator, the one of the paper's code, so it can be repeated exactly."
        ],
        para![
            "The network sees no quantities. Each number is a ",
            term("token"),
            ", a bare name, and a question is three of them: a, b and the sign “=”. Nothing tells it that 5 \
             comes after 4. It answers at the “=” with a score, a ",
            term("logit"),
            ", for each c. Softmax turns the logits into probabilities:"
        ],
        Block::Display(row![
            of("P", "c"),
            "=",
            frac(of("exp", sub("L", "c")), row![sum("d"), of("exp", sub("L", "d"))])
        ]),
        para![
            "The ",
            term("loss"),
            " is the mean of −ln P at the right answer, in nats. Guessing evenly among all p answers costs ",
            of("ln", "p"),
            ", here ",
            of_run::GUESS_LOSS,
            ". A loss far above that, as on the test set after memorising, means being confidently wrong. ",
            show("The field of predictions", "panel-field"),
            " shows all the sums at once."
        ],
    ]
}
