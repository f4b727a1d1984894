//! Cutting by a click: in the figures, in their lists, and the paper's ablations; every number is computed here
//! once more.

use std::path::PathBuf;

use grokking_lab::analysis::modular::ablation::{Ablation, Ablator, NeuronEdit, PaperAblation};
use grokking_lab::analysis::modular::forward::AttentionEdit;
use grokking_lab::analysis::modular::neurons::MIN_CLUSTER_FVE;
use grokking_lab::analysis::modular::report::Report;
use grokking_lab::model::safetensors::WeightsFile;
use grokking_lab::protocol::recording::Recording;
use grokking_lab::protocol::recording::published_weights::{PUBLISHED_STEPS, file_name};

use crate::input::Spot;
use crate::lab::{Lab, Setting, visit};
use crate::recorded::{is_shown, left, of_freq, open_on_the_recorded_run, recorded_model, recording};

const TINY: &str = "?preset=tiny&backend=cpu&threads=1";

/// A part of the model that a figure shows.
struct Shown {
    /// The figure's name in the hooks of its lists.
    view: &'static str,
    /// The hook of the figure.
    figure: &'static str,
    /// Its places in the lists of rows, if there are several, and of columns.
    row: Option<usize>,
    column: usize,
    /// The hook of the button that cuts it.
    button: String,
    /// What the button does.
    ablation: Ablation,
}

fn report(recording: &Recording) -> Report {
    let last = recording.steps().len() - 1;
    let snapshot = recording.snapshot(last).expect("the recording has its last snapshot");
    snapshot.modular.expect("the recorded run is of sums").report
}

fn a_freq(freq: usize) -> Shown {
    Shown {
        view: "spectrum",
        figure: "spectrum-chart",
        row: Some(1),
        column: freq - 1,
        button: format!("ablate-freq-{freq}"),
        ablation: of_freq(freq),
    }
}

fn a_head(head: usize) -> Shown {
    let attention = AttentionEdit { removed_heads: vec![head], ..AttentionEdit::default() };
    Shown {
        view: "attention",
        figure: "panel-attention",
        row: None,
        column: head,
        button: format!("ablate-head-{head}"),
        ablation: Ablation { attention, ..Ablation::default() },
    }
}

/// The cluster of most neurons.
fn a_cluster(report: &Report) -> Shown {
    let clusters = report.neurons.per_freq.iter().enumerate();
    let (column, (freq, _)) =
        clusters.max_by_key(|(_, (_, n))| **n).expect("a model that groks has clusters");
    let neurons = NeuronEdit::WithoutClusters { freqs: vec![*freq], min_fve: MIN_CLUSTER_FVE };
    Shown {
        view: "neurons",
        figure: "panel-neurons",
        row: None,
        column,
        button: format!("ablate-cluster-{freq}"),
        ablation: Ablation { neurons, ..Ablation::default() },
    }
}

async fn wait_for_pressed(lab: &Lab, hook: &str, is_pressed: bool) {
    let pressed = format!("document.querySelector(\"[data-testid='{hook}']\")?.getAttribute('aria-pressed')");
    lab.wait_for_evaluation(&pressed, is_pressed.to_string()).await;
}

async fn wait_for_loss(lab: &Lab, hook: &str, expected: f64) {
    let is_it = |text: &str| text.parse().is_ok_and(|shown| is_shown(shown, expected));
    lab.wait_for(hook, &format!("showed {expected}"), is_it).await;
}

/// The middle of the first place that a figure marks as cut out.
async fn marked(lab: &Lab, figure: &str) -> Spot {
    let path = format!("document.querySelector(\"[data-testid='{figure}'] path.removed\").getAttribute('d')");
    lab.wait_for_evaluation(&format!("{path}.length > 0"), true).await;
    let path = lab.evaluate(&path).await;
    let path = path.as_str().expect("a path is a text");
    let is_number = |c: char| c.is_ascii_digit() || "-.".contains(c);
    let mut numbers = path.split(|c| !is_number(c)).filter_map(|number| number.parse::<f64>().ok());
    let mut next = || numbers.next().expect("a rectangle has four sides");
    let [left, top, right, bottom] = [(); 4].map(|()| next());
    Spot { x: ((left + right) / 2.0).floor(), y: ((top + bottom) / 2.0).floor() }
}

/// Cuts a part by the figure's lists, and puts it back, cuts it and puts it back again by clicks in the figure.
async fn cut_by_clicks(lab: &Lab, recording: &Recording, ablator: &Ablator, part: &Shown) {
    let Shown { view, figure, row, column, button, ablation } = part;
    let whole = left(ablator, recording, &Ablation::default()).loss.test;
    let cut = left(ablator, recording, ablation).loss.test;
    assert!(!is_shown(whole, cut), "`{button}` changes nothing that can be seen: {whole}, {cut}");

    lab.figure_size(figure).await;
    if let Some(row) = row {
        lab.choose(&format!("cut-{view}-row"), &row.to_string()).await;
    }
    lab.choose(&format!("cut-{view}-column"), &column.to_string()).await;
    lab.click(&format!("cut-{view}")).await;
    wait_for_pressed(lab, button, true).await;
    wait_for_loss(lab, "ablated-test-loss", cut).await;
    lab.wait_for_text(&format!("cut-{view}-note"), "Loss").await;

    let spot = marked(lab, figure).await;
    // It need not be in sight: beside the curves the hint stands below the figure.
    let note = format!("document.querySelector(\"[data-testid='cut-{view}-note']\").textContent");
    for (is_cut, loss) in [(false, whole), (true, cut), (false, whole)] {
        lab.click_figure(figure, spot, 1).await;
        wait_for_pressed(lab, button, is_cut).await;
        // The losses may be in another section: then the pointer is over this figure no longer.
        let hint = if is_cut { "click to restore" } else { "click to remove" };
        lab.wait_for_evaluation(&format!("{note}.includes('{hint}')"), true).await;
        wait_for_loss(lab, "ablated-test-loss", loss).await;
    }
    lab.point_away().await;
}

#[test]
fn a_click_in_a_figure_cuts_what_it_shows_and_another_puts_it_back() {
    let recording = recording();
    let (ablator, freq) = recorded_model(&recording);
    let report = report(&recording);
    visit(&Setting::new(TINY), async |lab| {
        open_on_the_recorded_run(lab, &recording).await;
        for part in [a_freq(freq), a_head(1), a_cluster(&report)] {
            cut_by_clicks(lab, &recording, &ablator, &part).await;
        }
    });
}

#[test]
fn each_of_the_papers_ablations_is_one_click_and_gives_the_reported_loss() {
    let recording = recording();
    let report = report(&recording);
    visit(&Setting::new(TINY), async |lab| {
        open_on_the_recorded_run(lab, &recording).await;
        lab.wait_for_number("whole-all-loss").await;
        let name = |paper: PaperAblation| paper.id().replace('_', "-");
        for paper in PaperAblation::ALL {
            let name = name(paper);
            let cut = format!("cut-paper-{name}");
            lab.click(&cut).await;
            wait_for_pressed(lab, &cut, true).await;
            wait_for_pressed(lab, &format!("ablate-paper-{name}"), true).await;
            wait_for_loss(lab, "ablated-all-loss", report.ablations.losses[paper]).await;
        }
        let last = name(PaperAblation::ALL[PaperAblation::ALL.len() - 1]);
        lab.click(&format!("cut-paper-{last}")).await;
        wait_for_pressed(lab, &format!("ablate-paper-{last}"), false).await;
        wait_for_loss(lab, "ablated-all-loss", report.loss.all).await;
    });
}

#[test]
fn a_frequency_is_cut_from_the_table_of_ablations_and_undone_at_a_figure() {
    let recording = recording();
    let report = report(&recording);
    let (freq, loss) =
        report.ablations.remove_freq.iter().next().expect("a model that groks has key frequencies");
    visit(&Setting::new(TINY), async |lab| {
        open_on_the_recorded_run(lab, &recording).await;
        lab.wait_for_number("whole-all-loss").await;
        let cut = format!("cut-freq-{freq}");
        lab.click(&cut).await;
        wait_for_pressed(lab, &cut, true).await;
        wait_for_loss(lab, "ablated-all-loss", *loss).await;
        lab.click("cut-spectrum-undo").await;
        wait_for_pressed(lab, &cut, false).await;
        wait_for_loss(lab, "ablated-all-loss", report.loss.all).await;
    });
}

#[test]
fn sums_and_ablations_follow_the_cursor_of_the_recorded_run() {
    let recording = recording();
    let step = PUBLISHED_STEPS[2];
    let at = recording.steps().iter().position(|each| *each == step).expect("it is among the snapshots");
    let snapshot = recording.snapshot(at).expect("the recording is whole");
    visit(&Setting::new(TINY), async |lab| {
        open_on_the_recorded_run(lab, &recording).await;
        assert_eq!(n_weights_fetched(lab), 0, "figures need none");
        lab.open(&format!("{TINY}&step={step}#ablate")).await;
        let spelled = format!("{},{:03}", step / 1_000, step % 1_000);
        lab.wait_for_text("ablate-step", &format!("step {spelled}")).await;
        lab.click("ablate-head-0").await;
        lab.wait_for_text("ablation-chip", &format!("at step {spelled}")).await;
        // Published in 16 bits: the whole model's loss is the recording's, and the ablated one another.
        let whole = lab.wait_for_number("whole-all-loss").await;
        assert!(is_shown(whole, snapshot.general.loss.all), "{whole}");
        let path = format!("../../www/data/weights/{}", file_name(step));
        let file =
            std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)).expect("it is published");
        let weights = WeightsFile::from_bytes(&file).expect("it reads").weights;
        let attention = AttentionEdit { removed_heads: vec![0], ..AttentionEdit::default() };
        let ablation = Ablation { attention, ..Ablation::default() };
        let scores = left(&Ablator::with_own_freqs(&weights), &recording, &ablation);
        wait_for_loss(lab, "ablated-all-loss", scores.loss.all).await;
        assert_eq!(n_weights_fetched(lab), 1, "of the cursor's step alone");
    });
}

/// How many files of weights the page has asked for.
fn n_weights_fetched(lab: &Lab) -> usize {
    lab.requests().iter().filter(|asked| asked.path.contains("/data/weights/")).count()
}
