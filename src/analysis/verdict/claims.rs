//! The table of all claims.

use super::{Claim, ablations, circuit, learning, other_runs, progress};

/// Every claim, by number.
pub fn claims() -> Vec<&'static Claim> {
    let groups: [&'static [Claim]; 5] =
        [&learning::CLAIMS, &circuit::CLAIMS, &ablations::CLAIMS, &progress::CLAIMS, &other_runs::CLAIMS];
    groups.into_iter().flatten().collect()
}
