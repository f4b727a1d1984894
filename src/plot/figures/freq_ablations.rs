//! Figure 6: the loss without each frequency of the logits (paper section 4.4).

use super::bars::{Bar, BarChart};
use super::series::FREQ;
use super::sheet::{Chart, Panel, Row, Shape, Sheet};
use super::{Cell, DataNeed, DataTable, Figure, FigureData};
use crate::analysis::measure::LOSS_ALL;
use crate::analysis::modular::ablation::PaperAblation;
use crate::analysis::modular::report::Report;
use crate::format::number;
use crate::maths::fourier::n_freqs;
use crate::plot::theme::Theme;
use crate::plot::{Axis, Scale};

pub(super) const FIGURE: Figure = Figure {
    id: "figure-06",
    name: "Figure 6",
    title: "Loss without each frequency",
    caption: "The loss over all pairs when the eight Fourier components of one frequency are removed \
              from the logits. In a model that groks, removing a key frequency does great harm, and \
              removing any other none; it may even help. The lines are the whole model and what is \
              left when only the constant and the key frequencies\u{2019} components are kept.",
    finding,
    needs: &[DataNeed::Report],
    uses: &[DataNeed::LossWithoutFreq],
    sheet,
    tables,
};

fn finding(data: &FigureData<'_>) -> String {
    let Some(report) = data.report else { return String::new() };
    let of = |is_key: bool| {
        let chosen =
            losses(data, report).into_iter().filter(|(freq, _)| report.key_freqs.contains(freq) == is_key);
        chosen.map(|(_, loss)| loss).reduce(if is_key { f64::min } else { f64::max })
    };
    let mut words = format!("The whole model has loss {}", number(report.loss.all));
    if let Some(loss) = of(true) {
        words += &format!("; without a key frequency it is at least {}", number(loss));
    }
    if let Some(loss) = of(false) {
        words += &format!("; without any other at most {}", number(loss));
    }
    if data.loss_without_freq.is_empty() {
        words += "; the other frequencies were not removed here";
    }
    words + "."
}

/// The part of a frequency's place that its bar fills.
const FILL: f64 = 0.7;

fn sheet(data: &FigureData<'_>, theme: &Theme) -> Sheet {
    let Some(report) = data.report else { return Sheet { rows: Vec::new() } };
    let (key, other) = (theme.test, theme.muted);
    let bars: Vec<Bar> = losses(data, report)
        .into_iter()
        .map(|(freq, loss)| Bar {
            from: freq as f64 - FILL / 2.0,
            to: freq as f64 + FILL / 2.0,
            value: loss,
            color: if report.key_freqs.contains(&freq) { key } else { other },
        })
        .collect();
    let (whole, kept) = (report.loss.all, report.ablations.losses[PaperAblation::KeepKeyComponents]);
    let values = bars.iter().map(|bar| bar.value).chain([whole, kept]);
    let y = Axis::fit(Scale::Log, values, 0.08);
    let x = Axis::linear(0.5, n_freqs(report.p) as f64 + 0.5);
    let (blue, green) = (theme.train, theme.cos);
    let others = (!data.loss_without_freq.is_empty()).then(|| ("without another".to_owned(), other));
    let mut legend = vec![("without a key frequency".to_owned(), key)];
    legend.extend(others);
    legend.push((format!("whole model {}", number(whole)), blue));
    legend.push((format!("key frequencies alone {}", number(kept)), green));
    let panel = Panel {
        legend,
        levels: vec![(whole, blue), (kept, green)],
        ..Panel::new(
            "",
            FREQ,
            &format!("{}, all pairs", LOSS_ALL.axis()),
            Chart::Bars(BarChart { bars, x, y }),
        )
    };
    Sheet { rows: vec![Row { panels: vec![panel], shape: Shape::Wide }] }
}

/// The loss without each frequency; of the key frequencies alone where the rest has not been measured.
fn losses(data: &FigureData<'_>, report: &Report) -> Vec<(usize, f64)> {
    if data.loss_without_freq.is_empty() {
        return report.ablations.remove_freq.iter().map(|(&freq, &loss)| (freq, loss)).collect();
    }
    (1..).zip(data.loss_without_freq.iter().copied()).collect()
}

fn tables(data: &FigureData<'_>) -> Vec<DataTable> {
    let Some(report) = data.report else { return Vec::new() };
    let mut table = DataTable::new("ablations", ["ablation", "frequency", "is_key", "loss_all_nats"]);
    let none = || Cell::text("");
    let ablations = &report.ablations;
    for (name, loss) in [
        ("none", report.loss.all),
        ("all but the constant and the key frequencies", ablations.losses[PaperAblation::KeepKeyComponents]),
        ("all key frequencies", ablations.losses[PaperAblation::RemoveKeyComponents]),
    ] {
        table.push([Cell::text(name), none(), none(), Cell::Number(loss)]);
    }
    for (freq, loss) in losses(data, report) {
        let is_key = if report.key_freqs.contains(&freq) { "yes" } else { "no" };
        table.push([Cell::text("one frequency"), Cell::Count(freq), Cell::text(is_key), Cell::Number(loss)]);
    }
    vec![table]
}

#[cfg(test)]
mod tests {
    use super::FIGURE;
    use crate::analysis::modular::freq_ablation::losses_without_each_freq;
    use crate::analysis::modular::report::analyse;
    use crate::config::Preset;
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::plot::figures::FigureData;
    use crate::plot::theme::Theme;
    use crate::task::modular::ModularTask;

    #[test]
    fn frequencies_that_were_not_removed_are_not_spoken_of() {
        let config = Preset::Tiny.config();
        let task = ModularTask::of(&config.data).expect("a modular task");
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 1);
        let report = analyse(&weights, &task).expect("random weights can be analysed");
        let each = losses_without_each_freq(&weights, &task).expect("and cut");
        let legend = |data: &FigureData<'_>| {
            let sheet = (FIGURE.sheet)(data, &Theme::light());
            sheet.panels().flat_map(|panel| panel.legend.clone()).map(|(name, _)| name).collect::<Vec<_>>()
        };
        let data = FigureData { report: Some(&report), ..FigureData::default() };
        assert!((FIGURE.finding)(&data).ends_with("the other frequencies were not removed here."));
        assert!(!legend(&data).contains(&"without another".to_owned()));
        let data = FigureData { loss_without_freq: &each, ..data };
        assert!(!(FIGURE.finding)(&data).contains("not removed"));
        assert!(legend(&data).contains(&"without another".to_owned()));
    }
}
