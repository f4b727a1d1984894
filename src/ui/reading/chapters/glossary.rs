//! The glossary.

use crate::ui::reading::formula::{of, row, sub, subsup, w_k};
use crate::ui::reading::prose::{Block, Chapter, para, say};

pub(super) const CHAPTER: Chapter = Chapter { title: "Glossary", text };

fn text() -> Vec<Block> {
    vec![
        para!["Words and letters as this page uses them."],
        Block::Terms(vec![
            (
                "ablation",
                say!["Removing a part of the computation, or keeping it alone, to see what it does."],
            ),
            ("accuracy", say!["The part of the sums whose largest logit is at the right answer."]),
            ("AdamW", say!["The optimiser: Adam with weight decay that acts on the weights directly."]),
            ("checkpoint", say!["The weights at one step."]),
            (
                "cluster",
                say!["The neurons that one frequency explains best, to at least 85 % of their variance."],
            ),
            (
                "cross-entropy",
                say!["The loss: the mean of −ln of the probability given to the right answer, in nats."],
            ),
            (
                "excluded loss",
                say!["Train loss after the key frequencies' waves are taken out of the logits."],
            ),
            ("frequency k", say!["How often a wave goes round while x runs from 0 to p − 1."]),
            ("FVE", say!["Fraction of variance explained; 1 is all of it."]),
            (
                "Gini coefficient",
                say!["A measure of sparsity: 0 where all are equal, near 1 where few have all."],
            ),
            ("grokking", say!["Generalising long after the train set is fitted."]),
            ("head", say!["One of the four parts of the attention, each with its own matrices."]),
            ("key frequencies", say!["The few frequencies that the finished network computes with."]),
            ("λ", say!["Weight decay: each step multiplies all weights by 1 − (learning rate) · λ."]),
            ("logits", say!["The scores for every answer, before softmax."]),
            ("p", say!["The modulus, a prime; 113 in the paper."]),
            ("residual stream", say!["The vector x that each part of the network reads and adds to."]),
            (
                "restricted loss",
                say![
                    "Loss over all pairs when only the key frequencies' waves and the mean of the logits are kept."
                ],
            ),
            (
                "seed",
                say![
                    "The number that starts a random generator: one for the split, one for the first weights."
                ],
            ),
            (
                "slingshot",
                say!["A sudden spike of the loss after it was small, known from training in low precision."],
            ),
            ("step", say!["One update from the whole train set; the paper says epoch."]),
            (
                "u_k, v_k",
                say!["The rows of ", sub("W", "L"), " along the cosine and the sine of frequency k."],
            ),
            (
                "w_k",
                say![
                    row![w_k(), "=", "2", "π", "k", "/", "p"],
                    ": the angle that one unit turns the hand by."
                ],
            ),
            (
                "W_E, W_pos, W_Q, W_K, W_V, W_O, W_in, W_out, W_U",
                say![
                    "The weights: embedding, positions, query, key, value and output of the heads, into and out of \
                     the neurons, unembedding."
                ],
            ),
            (
                "W_L",
                say![
                    "The neuron-logit map ",
                    row![subsup("W", "U", "T"), sub("W", "out")],
                    ": what each neuron adds to each logit."
                ],
            ),
            (
                "α_k",
                say![
                    "The amplitude of ",
                    of("cos", row![w_k(), "(", "a", "+", "b", "−", "c", ")"]),
                    " in the logits."
                ],
            ),
        ]),
    ]
}
