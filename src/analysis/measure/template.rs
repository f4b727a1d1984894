//! What the entries of the lists start from.

use super::{Compute, Domain, Measure, MeasureUnit, Need, Parts, Scale, Source};

/// A measure that is computed from a checkpoint. The page shows what others have computed: its program leaves the code
/// away, which would else be among the first bytes that a visitor waits for.
pub(super) const fn computed(compute: Compute) -> Source {
    if cfg!(all(target_arch = "wasm32", feature = "page")) {
        Source::Computed(|_, _| None)
    } else {
        Source::Computed(compute)
    }
}

/// What measures of pairs have in common.
pub(super) const OF_PAIRS: Measure = Measure {
    id: "",
    column: "",
    label: "",
    short: "",
    meaning: "",
    unit: MeasureUnit::Nats,
    object: None,
    split: None,
    scale: Scale::Log,
    domain: Domain::Modular,
    needs: Need::Activations,
    source: Source::PartsOnly,
    evaluated: None,
    parts: Parts::None,
};
