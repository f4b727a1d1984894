//! The numbers of a report that was dropped in, beside those of the run on show.

use crate::analysis::report::Report;
use crate::ui::format;

/// A report and the file it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportCard {
    /// The file's name.
    pub name: String,
    /// The numbers.
    pub report: Report,
}

/// The lines of the table: a name, and a number in words of each report.
pub fn lines(reports: &[&Report]) -> Vec<(&'static str, Vec<String>)> {
    let all = |read: &dyn Fn(&Report) -> String| reports.iter().map(|report| read(report)).collect();
    let freqs =
        |report: &Report| report.key_freqs.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    vec![
        ("modulus", all(&|r| r.p.to_string())),
        ("key frequencies", all(&freqs)),
        ("train loss", all(&|r| format::number(r.loss.train))),
        ("test loss", all(&|r| format::number(r.loss.test))),
        ("train accuracy", all(&|r| format::percent(r.accuracy.train))),
        ("test accuracy", all(&|r| format::percent(r.accuracy.test))),
        ("restricted loss", all(&|r| format::number(r.restricted_loss.all))),
        ("excluded loss, train", all(&|r| format::number(r.excluded_loss.train))),
        ("Gini coefficient of W_E", all(&|r| format::number(r.gini.w_e))),
        ("Gini coefficient of W_L", all(&|r| format::number(r.gini.w_l))),
        ("sum of squared weights", all(&|r| format::number(r.sum_sq_weights.total))),
        ("logits explained by cosines", all(&|r| format::percent(r.logit_fve))),
    ]
}

#[cfg(test)]
mod tests {
    use super::lines;
    use crate::analysis::report;
    use crate::config::Preset;
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::task::Task;

    #[test]
    fn every_line_has_a_number_of_every_report() {
        let config = Preset::Tiny.config();
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 1);
        let report = report::analyse(&weights, &Task::new(&config.data)).expect("the model is whole");
        for (name, numbers) in lines(&[&report, &report]) {
            assert!(
                numbers.len() == 2 && numbers[0] == numbers[1] && !numbers[0].is_empty(),
                "{name}: {numbers:?}"
            );
        }
    }
}
