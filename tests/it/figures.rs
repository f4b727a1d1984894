//! The paper's figures from planted data: what must be in them, and that none changes unnoticed.

use std::path::Path;

use grokking_lab::analysis::checkpoint_measures::measure;
use grokking_lab::analysis::modular::ablation::PaperAblation;
use grokking_lab::analysis::modular::directions::{DirectionFit, DirectionProducts, DirectionTerm};
use grokking_lab::analysis::modular::report::{NeuronMap, Report, ReportMaps, analyse_with_maps};
use grokking_lab::analysis::progress::ProgressMeasures;
use grokking_lab::config::Preset;
use grokking_lab::engine::{Evaluation, MetricsRow};
use grokking_lab::model::ModelShape;
use grokking_lab::model::init::initial_weights;
use grokking_lab::plot::Theme;
use grokking_lab::plot::figures::sheet::Chart;
use grokking_lab::plot::figures::{DataNeed, Figure, FigureData, svg};
use grokking_lab::task::modular::ModularTask;
use plotters::style::RGBColor;

/// The modulus of the planted data, and its number of frequencies.
const P: usize = 13;
const K: usize = 6;
const KEYS: [usize; 2] = [2, 5];

struct Planted {
    metrics: Vec<MetricsRow>,
    progress: Vec<(usize, ProgressMeasures)>,
    report: Report,
    maps: ReportMaps,
    without: Vec<f64>,
}

impl Planted {
    /// Round numbers in every place that a figure reads; the rest is what the analysis of random weights
    /// gives.
    fn new() -> Self {
        let mut config = Preset::Tiny.config();
        config.data.change_modular(|modular| modular.p = P);
        let task = ModularTask::of(&config.data).unwrap();
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 1);
        let (mut report, mut maps) = analyse_with_maps(&weights, &task).unwrap();
        let measures = measure(&weights, &task, &KEYS).unwrap();
        plant_report(&mut report);
        plant_maps(&mut maps, report.attention.len());
        let (metrics, progress) = (0..=8).map(|i| plant_step(i, &measures)).unzip();
        let without = (1..=K).map(|k| if KEYS.contains(&k) { 0.5 } else { 2e-7 }).collect();
        Self { metrics, progress, report, maps, without }
    }

    fn data(&self) -> FigureData<'_> {
        FigureData {
            other_seeds: &[],
            metrics: &self.metrics,
            progress: &self.progress,
            phase_ends: &[("memorisation", 150), ("circuit formation", 500), ("cleanup", 700)],
            report: Some(&self.report),
            maps: Some(&self.maps),
            loss_without_freq: &self.without,
        }
    }
}

/// A spectrum with 4 and 3 at the key frequencies and 0.25 elsewhere.
fn spectrum() -> Vec<f64> {
    (0..P).map(|i| if KEYS.contains(&i.div_ceil(2)) { 3.0 + (i % 2) as f64 } else { 0.25 }).collect()
}

fn plant_report(report: &mut Report) {
    report.key_freqs = KEYS.to_vec();
    report.loss.all = 2.5e-7;
    (report.gini.w_e, report.gini.w_l) = (0.625, 0.75);
    (report.spectra.w_e, report.spectra.w_l) = (spectrum(), spectrum());
    report.logit_spectrum.significant.clear();
    report.logit_spectrum.key_block_share = 0.9375;
    report.ablations.losses[PaperAblation::KeepKeyComponents] = 1.25e-7;
    report.ablations.losses[PaperAblation::RemoveKeyComponents] = 6.5;
    report.ablations.remove_freq = KEYS.map(|k| (k, 0.5)).into();
    let neurons = &mut report.neurons;
    neurons.freq = [2, 2, 5, 5, 5, 1, 3, 4].to_vec();
    neurons.fve = [0.99, 0.96, 0.9, 0.91, 0.86, 0.5, 0.24, 0.84].to_vec();
    neurons.clustered = 5;
    neurons.per_freq = [(2, 2), (5, 3)].into();
    neurons.w_l_norms = KEYS.map(|k| (k, spectrum())).into();
    let fit = |freq: usize, part: DirectionTerm, x: f64, y: f64| {
        let products = match part {
            DirectionTerm::Cos => DirectionProducts { cos_cos: x, sin_sin: -y, cos_sin: 0.5, sin_cos: 0.25 },
            DirectionTerm::Sin => DirectionProducts { sin_cos: x, cos_sin: y, cos_cos: 0.5, sin_sin: 0.25 },
        };
        DirectionFit { freq, part, fve: 0.9375, products }
    };
    let fits = |freq| [fit(freq, DirectionTerm::Cos, 44.6, 43.6), fit(freq, DirectionTerm::Sin, 44.1, 44.1)];
    report.directions = KEYS.map(fits).concat();
    for head in &mut report.attention {
        head.mean_to = [0.5, 0.375, 0.125];
        (head.freq, head.alpha, head.beta, head.fve) = (KEYS[head.head % 2], 0.25, -0.125, 0.96875);
        head.qk = (0..P)
            .map(|i| if i.div_ceil(2) == head.freq { 4.0 - 5.0 * (i % 2) as f64 } else { 0.5 })
            .collect();
        head.ov_norms = spectrum();
    }
}

fn plant_maps(maps: &mut ReportMaps, n_heads: usize) {
    let grid =
        |shift: usize| (0..P * P).map(|i| ((i / P + i % P + shift) % P) as f64 / (P - 1) as f64).collect();
    maps.attention_to_a = (0..n_heads).map(grid).collect();
    maps.neurons = vec![NeuronMap { neuron: 7, freq: 2, values: grid(3) }];
    let is_key = |i: usize| KEYS.contains(&i.div_ceil(2));
    let norm = |i: usize, j: usize| if is_key(i) && i.div_ceil(2) == j.div_ceil(2) { 100.0 } else { 1.0 };
    maps.logit_norms = (0..P * P).map(|i| norm(i / P, i % P)).collect();
}

/// The i-th of nine points of a run that groks.
fn plant_step(i: usize, measures: &ProgressMeasures) -> (MetricsRow, (usize, ProgressMeasures)) {
    let (step, late) = (100 * i, i as f64 / 8.0);
    let evaluation = Evaluation {
        train_loss: 4.0 * 0.0625_f64.powi(i as i32),
        test_loss: if i < 6 { 4.0 + late } else { 1e-4 },
        train_accuracy: if i == 0 { 0.0 } else { 1.0 },
        test_accuracy: if i < 6 { 0.0 } else { 1.0 },
        softmax_collapse_fraction: None,
    };
    let mut measures = measures.clone();
    (measures.loss.train, measures.loss.test) = (evaluation.train_loss, evaluation.test_loss);
    measures.restricted_loss.all = 4.0 * 0.25_f64.powi(i as i32);
    measures.restricted_accuracy.all = late;
    measures.excluded_loss.train = 0.5 + 8.0 * late * late;
    measures.excluded_loss.per_freq = KEYS.map(|k| (k, late / k as f64)).into();
    measures.excluded_accuracy.per_freq = KEYS.map(|k| (k, 1.0 - late / k as f64)).into();
    (measures.gini.w_e, measures.gini.w_l) = (0.5 * late, 0.75 * late);
    measures.sum_sq_weights.total = 1800.0 - 900.0 * late;
    measures.cosine_coefficients = KEYS.map(|k| (k, 1000.0 * late * k as f64)).into();
    (MetricsRow { step, evaluation }, (step, measures))
}

fn figure(id: &str) -> Figure {
    Figure::ALL.into_iter().find(|figure| figure.id == id).unwrap_or_else(|| panic!("no {id}"))
}

fn count(svg: &str, text: &str) -> usize {
    svg.matches(text).count()
}

#[test]
fn no_figure_changes_unnoticed() {
    let planted = Planted::new();
    for figure in Figure::ALL {
        let drawn = svg::svg(&figure, &planted.data(), 720, &Theme::light()).unwrap();
        check_snapshot(&format!("{}.svg", figure.id), &drawn);
        let finding = (figure.finding)(&planted.data());
        assert!(finding.ends_with('.') && finding.len() > 10, "{}: {finding:?}", figure.id);
        check_snapshot(&format!("{}.txt", figure.id), &format!("{finding}\n"));
    }
}

/// Compares with the file of that name; UPDATE_SNAPSHOTS=1 writes it instead.
fn check_snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        return std::fs::write(path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    for (i, (new, kept)) in text.lines().zip(kept.lines()).enumerate() {
        assert_eq!(new, kept, "{name}, line {}; look at it, then set UPDATE_SNAPSHOTS=1 to accept", i + 1);
    }
    assert_eq!(text.len(), kept.len(), "{name} has another end; look at it, then set UPDATE_SNAPSHOTS=1");
}

#[test]
fn every_word_and_axis_of_a_sheet_is_drawn() {
    let planted = Planted::new();
    for figure in Figure::ALL {
        let data = planted.data();
        let theme = Theme::dark();
        let drawn = svg::svg(&figure, &data, 960, &theme).unwrap();
        assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{} writes no number", figure.id);
        for panel in (figure.sheet)(&data, &theme).panels() {
            let is_table = matches!(panel.chart, Chart::Table(_));
            assert!(
                is_table || !panel.x_name.is_empty() && !panel.y_name.is_empty(),
                "{}: no axis name",
                figure.id
            );
            let legend = panel.legend.iter().map(|(name, _)| name);
            for words in [&panel.title, &panel.x_name, &panel.y_name].into_iter().chain(legend) {
                assert!(
                    drawn.contains(&format!("\n{words}\n")) || words.is_empty(),
                    "{}: no {words:?}",
                    figure.id
                );
            }
            if let Chart::Table(table) = &panel.chart {
                let cells = table.rows.iter().flatten().map(grokking_lab::plot::figures::Cell::short);
                for words in cells.chain(table.columns.clone()) {
                    assert!(drawn.contains(&format!("\n{words}\n")), "{}: no cell {words:?}", figure.id);
                }
            }
        }
    }
}

#[test]
fn figures_have_as_many_marks_as_the_data() {
    let planted = Planted::new();
    let theme = Theme::light();
    let draw = |id| svg::svg(&figure(id), &planted.data(), 960, &theme).unwrap();
    let (cos, sin, train, key) =
        ("fill=\"#0A846A\"", "fill=\"#8E4FC2\"", "fill=\"#0B63B5\"", "fill=\"#D0530C\"");

    let spectra = draw("figure-03");
    // One bar for each frequency and panel, and one swatch for each panel.
    assert_eq!((count(&spectra, cos), count(&spectra, sin)), (2 * K + 2, 2 * K + 2), "figure 3");
    let n_heads = planted.report.attention.len();
    let scores = draw("figure-08");
    assert_eq!(count(&scores, cos), 2 * n_heads * (K + 1), "figure 8: bars below zero are drawn too");
    let maps = draw("figure-04");
    // Each map has its colour bar.
    assert_eq!(count(&maps, "<image "), 2 * (n_heads + 1 + 1), "figure 4");
    let clusters = draw("figure-05");
    // The fractions 0.99, 0.96, 0.91 and 0.9, 0.86 fall into four of the six bins from 0.85; empty bins have
    // bars of height 0.
    assert_eq!(count(&clusters, train), 6 + 1, "figure 5, bins from 0.85 and the swatch");
    let ablations = draw("figure-06");
    assert_eq!(count(&ablations, key), KEYS.len() + 1, "figure 6, key frequencies");
    assert_eq!(count(&ablations, "fill=\"#7C8898\""), K - KEYS.len() + 1, "figure 6, the others");
    let cosines = draw("figure-14");
    let stroke = |color: &str| count(&cosines, &format!("stroke=\"{color}\""));
    let [first, second, ..] = theme.series.map(|RGBColor(r, g, b)| format!("#{r:02X}{g:02X}{b:02X}"));
    assert_eq!((stroke(&first), stroke(&second)), (1, 1), "figure 14, a line for each key frequency");
    assert_eq!(stroke("#7C8898"), 3, "figure 14, the ends of three phases");
}

#[test]
fn a_heat_map_stores_one_pixel_for_each_cell() {
    let planted = Planted::new();
    for width in [320, 720, 1111] {
        let maps = svg::svg(&figure("figure-04"), &planted.data(), width, &Theme::light()).unwrap();
        // Base64 of a PNG's first bytes: signature, then the header with width 13 and height 13.
        let square = count(&maps, "iVBORw0KGgoAAAANSUhEUgAAAA0AAAANCAMAAA");
        assert_eq!(square, planted.report.attention.len() + 2, "maps of 13 × 13 cells at width {width}");
    }
}

#[test]
fn csv_is_rectangular_and_complete() {
    let planted = Planted::new();
    let mut names = Vec::new();
    for figure in Figure::ALL {
        let files = figure.csv(&planted.data());
        assert!(!files.is_empty(), "{} has data", figure.id);
        for (name, csv) in files {
            assert!(name.starts_with(figure.id) && name.ends_with(".csv"), "{name}");
            let mut lines = csv.lines();
            // No cell of these files needs quotes.
            let n_columns = lines.next().unwrap().split(',').count();
            assert!(n_columns >= 2, "{name}: {csv}");
            let rows: Vec<usize> = lines.map(|line| line.split(',').count()).collect();
            assert!(
                rows.iter().all(|&n| n == n_columns) && !rows.is_empty(),
                "{name}: {rows:?}, {n_columns}"
            );
            let expected = match name.as_str() {
                "figure-02-curves.csv" | "figure-07-progress.csv" => 9,
                "figure-03-spectra.csv" => P - 1,
                "figure-04-grids.csv" | "figure-04-logit-spectrum.csv" => P * P,
                "figure-05-neurons.csv" => 8,
                "figure-06-ablations.csv" => 3 + K,
                "table-1-directions.csv" => 2 * KEYS.len(),
                _ => rows.len(),
            };
            assert_eq!(rows.len(), expected, "{name}");
            names.push(name);
        }
    }
    let n_names = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), n_names, "no file overwrites another");
    let grids = &figure("figure-04").csv(&planted.data())[0].1;
    let row = grids.lines().nth(1 + 2 * P + 9).unwrap();
    assert!(row.starts_with(&format!("2,9,{},", 11.0 / 12.0)), "a = 2, b = 9, the first head: {row}");
}

#[test]
fn a_themed_figure_names_every_colour() {
    let planted = Planted::new();
    let (light, dark) = (svg::color_variables(&Theme::light()), svg::color_variables(&Theme::dark()));
    for figure in Figure::ALL {
        let drawn = svg::themed_svg(&figure, &planted.data(), 640).unwrap();
        assert!(!drawn.contains("\"#"), "{} has a colour that does not follow the theme", figure.id);
        for name in drawn.split("var(--plot-").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let declared = format!("--plot-{name}: #");
            assert!(light.contains(&declared) && dark.contains(&declared), "{}: {name}", figure.id);
        }
    }
}

#[test]
fn without_data_every_figure_says_what_is_missing_and_none_fails() {
    let nothing = FigureData::default();
    for figure in Figure::ALL {
        let missing = figure.missing(&nothing);
        assert!(missing.is_some_and(|words| !words.is_empty()), "{}", figure.id);
        assert!(svg::svg(&figure, &nothing, 400, &Theme::light()).is_ok(), "{} draws nothing", figure.id);
        let rows: usize = (figure.tables)(&nothing).iter().map(|table| table.rows.len()).sum();
        assert_eq!(rows, 0, "{} has no rows", figure.id);
        assert_eq!((figure.finding)(&nothing), "", "{} finds nothing", figure.id);
    }
    let planted = Planted::new();
    for figure in Figure::ALL {
        assert_eq!(figure.missing(&planted.data()), None, "{} can be drawn", figure.id);
    }
}

/// The same data but for one part of them.
fn without(data: FigureData<'_>, part: DataNeed) -> FigureData<'_> {
    match part {
        DataNeed::Metrics => FigureData { metrics: &[], ..data },
        DataNeed::OtherSeeds => FigureData { other_seeds: &[], ..data },
        DataNeed::Progress => FigureData { progress: &[], phase_ends: &[], ..data },
        DataNeed::Report => FigureData { report: None, ..data },
        DataNeed::Maps => FigureData { maps: None, ..data },
        DataNeed::LossWithoutFreq => FigureData { loss_without_freq: &[], ..data },
    }
}

#[test]
fn a_figure_shows_the_data_that_it_declares_and_no_other() {
    let planted = Planted::new();
    let others = [planted.metrics.clone()];
    // Other losses than the measures have: they stand in for metrics that are missing.
    let mut metrics = planted.metrics.clone();
    metrics.iter_mut().for_each(|row| row.evaluation.train_loss *= 0.5);
    let all = FigureData { metrics: &metrics, other_seeds: &others, ..planted.data() };
    for figure in Figure::ALL {
        let shown = |data: &FigureData| {
            let drawn = svg::svg(&figure, data, 640, &Theme::light()).unwrap();
            (drawn, (figure.finding)(data), figure.csv(data))
        };
        let with_all = shown(&all);
        for part in DataNeed::ALL {
            assert!(part.is_met(&all) && !part.is_met(&without(all, part)), "{part:?}");
            let is_same = shown(&without(all, part)) == with_all;
            assert_eq!(is_same, !figure.shows(part), "{}: {part:?}", figure.id);
            let is_missing = figure.missing(&without(all, part)).is_some();
            assert_eq!(is_missing, figure.needs.contains(&part), "{} without {part:?}", figure.id);
        }
    }
}

#[test]
fn runs_with_other_seeds_lie_behind_in_figure_2() {
    let planted = Planted::new();
    let figure = Figure::ALL.iter().find(|figure| figure.id == "figure-02").expect("it is in the list");
    let lines = |data: &FigureData| {
        let text = svg::svg(figure, data, 640, &Theme::light()).expect("strings take everything");
        text.matches("<polyline").count()
    };
    let alone = lines(&planted.data());
    let others = [planted.metrics.clone(), planted.metrics.clone()];
    let data = FigureData { other_seeds: &others, ..planted.data() };
    // Train and test, on both panels, of two runs.
    assert_eq!(lines(&data), alone + 8);
    assert!((figure.finding)(&data).contains("2 runs with other seeds"), "{}", (figure.finding)(&data));
}
