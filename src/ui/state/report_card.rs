//! The numbers of a report that was dropped in, beside those of the run on show.

use crate::analysis::measure::MEASURES;
use crate::analysis::modular::report::Report;
use crate::analysis::progress::ProgressMeasures;

/// A report and the file it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportCard {
    /// The file's name.
    pub name: String,
    /// The numbers.
    pub report: Report,
}

/// The lines of the table: a name, and a number in words of each report.
pub fn lines(reports: &[&Report]) -> Vec<(String, Vec<String>)> {
    let all = |read: &dyn Fn(&Report) -> String| reports.iter().map(|report| read(report)).collect();
    let freqs =
        |report: &Report| report.key_freqs.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let mut lines =
        vec![("modulus".to_owned(), all(&|r| r.p.to_string())), ("key frequencies".to_owned(), all(&freqs))];
    let taken: Vec<ProgressMeasures> = reports.iter().map(|report| report.measures()).collect();
    for measure in MEASURES {
        let values: Option<Vec<f64>> = taken.iter().map(|measures| measure.value(measures)).collect();
        let words = |values: Vec<f64>| values.into_iter().map(|value| measure.words(value)).collect();
        lines.extend(values.map(|values| (measure.name(), words(values))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::lines;
    use crate::analysis::modular::report;
    use crate::config::Preset;
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::task::modular::ModularTask;

    #[test]
    fn every_line_has_a_number_of_every_report() {
        let config = Preset::Tiny.config();
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 1);
        let report = report::analyse(&weights, &ModularTask::of(&config.data).expect("a modular task"))
            .expect("the model is whole");
        let names: Vec<String> = lines(&[&report]).into_iter().map(|(name, _)| name).collect();
        for name in ["train loss", "test accuracy", "Gini coefficient of W_E", "logits explained by cosines"]
        {
            assert!(names.iter().any(|other| other == name), "no {name} among {names:?}");
        }
        for (name, numbers) in lines(&[&report, &report]) {
            assert!(
                numbers.len() == 2 && numbers[0] == numbers[1] && !numbers[0].is_empty(),
                "{name}: {numbers:?}"
            );
        }
    }
}
