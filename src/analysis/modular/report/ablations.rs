//! The losses of a report when a part is kept or removed.

use std::fmt;
use std::ops::{Index, IndexMut};

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::analysis::modular::ablation::{Ablation, PaperAblation, remove_freq};
use crate::analysis::progress::ByFreq;
use crate::error::Result;

/// Losses over all p² pairs, in nats (paper section 4.4 and appendix A.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AblationReport {
    /// Of each of the paper's ablations; in a file each under its [`PaperAblation::id`].
    #[serde(flatten)]
    pub losses: PaperLosses,
    /// Of the logits without the eight terms of one key frequency (figure 6).
    pub remove_freq: ByFreq<f64>,
}

impl AblationReport {
    /// Asks for the loss of each ablation of a model with these key frequencies and number of heads.
    ///
    /// # Errors
    /// The first one of `loss`.
    pub(super) fn new(
        key_freqs: &[usize],
        n_heads: usize,
        loss: impl Fn(&Ablation) -> Result<f64>,
    ) -> Result<Self> {
        let mut losses = PaperLosses([f64::NAN; PaperAblation::ALL.len()]);
        for paper in PaperAblation::ALL {
            losses[paper] = loss(&paper.ablation(key_freqs, n_heads))?;
        }
        let without = |&freq: &usize| Ok((freq, loss(&remove_freq(freq))?));
        Ok(Self { losses, remove_freq: key_freqs.iter().map(without).collect::<Result<_>>()? })
    }
}

/// One loss for each of the paper's ablations, in nats.
#[derive(Debug, Clone, PartialEq)]
pub struct PaperLosses([f64; PaperAblation::ALL.len()]);

impl Index<PaperAblation> for PaperLosses {
    type Output = f64;

    fn index(&self, ablation: PaperAblation) -> &f64 {
        &self.0[ablation as usize]
    }
}

impl IndexMut<PaperAblation> for PaperLosses {
    fn index_mut(&mut self, ablation: PaperAblation) -> &mut f64 {
        &mut self.0[ablation as usize]
    }
}

impl Serialize for PaperLosses {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(PaperAblation::ALL.map(|ablation| (ablation.id(), self[ablation])))
    }
}

impl<'de> Deserialize<'de> for PaperLosses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(LossesById)
    }
}

/// Reads the losses by their names, in any order; other names are of newer reports and passed over.
struct LossesById;

impl<'de> Visitor<'de> for LossesById {
    type Value = PaperLosses;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a loss for each of the paper's ablations")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<PaperLosses, A::Error> {
        let mut found = [None; PaperAblation::ALL.len()];
        while let Some(id) = map.next_key::<String>()? {
            match PaperAblation::ALL.into_iter().find(|ablation| ablation.id() == id) {
                Some(ablation) => found[ablation as usize] = Some(map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let mut losses = PaperLosses([0.0; PaperAblation::ALL.len()]);
        for ablation in PaperAblation::ALL {
            losses[ablation] =
                found[ablation as usize].ok_or_else(|| A::Error::missing_field(ablation.id()))?;
        }
        Ok(losses)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::AblationReport;
    use crate::analysis::modular::ablation::PaperAblation;
    use crate::error::LabError;

    fn report() -> AblationReport {
        let loss = |ablation: &crate::analysis::modular::ablation::Ablation| {
            let place = PaperAblation::ALL.iter().position(|paper| paper.ablation(&[2, 5], 3) == *ablation);
            Ok::<f64, LabError>(place.map_or(100.0, |place| place as f64))
        };
        AblationReport::new(&[2, 5], 3, loss).expect("it does not fail")
    }

    #[test]
    fn each_loss_stands_under_its_own_name() {
        let report = report();
        for (i, ablation) in PaperAblation::ALL.into_iter().enumerate() {
            assert_eq!((ablation as usize, report.losses[ablation]), (i, i as f64), "{ablation:?}");
        }
        let json = serde_json::to_value(&report).expect("plain numbers");
        let mut names: Vec<_> = json.as_object().expect("a record").keys().map(String::as_str).collect();
        names.sort_unstable();
        // Scripts and saved reports know these names.
        let fixed = [
            "complement_w_l",
            "keep_key_components",
            "mean_mlp_skip",
            "no_attention_to_eq",
            "polynomial_neurons",
            "project_w_l",
            "remove_freq",
            "remove_key_components",
            "sum_wave_neurons",
            "zero_attention",
            "zero_attention_skip",
            "zero_mlp_skip",
        ];
        assert_eq!(names, fixed);
        assert_eq!(json["zero_attention"], json!(8.0));
        assert_eq!(json["remove_freq"], json!({ "2": 100.0, "5": 100.0 }));
    }

    #[test]
    fn a_report_comes_back_newer_names_are_passed_over_and_a_missing_one_is_named() {
        let report = report();
        let mut json = serde_json::to_value(&report).expect("plain numbers");
        let read = |json: &Value| serde_json::from_value::<AblationReport>(json.clone());
        assert_eq!(read(&json).expect("its own words"), report);
        json["of_a_later_version"] = json!({ "some": ["thing"] });
        assert_eq!(read(&json).expect("other names do no harm"), report);
        json.as_object_mut().expect("a record").remove("zero_mlp_skip");
        assert!(read(&json).expect_err("incomplete").to_string().contains("zero_mlp_skip"));
    }
}
