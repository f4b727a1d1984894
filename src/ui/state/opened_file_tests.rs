//! Every kind of file, whole and broken.

use super::{Found, read};
use crate::analysis::modular::report;
use crate::config::{Precision, Preset};
use crate::engine::state_file::StateFile;
use crate::engine::{DeviceKind, EngineInfo, EngineKind, Evaluation, MetricsRow, TrainState, metrics_csv};
use crate::model::ModelShape;
use crate::model::init::initial_weights;
use crate::model::safetensors::{WeightLayout, WeightsFile};
use crate::protocol::capsule::Capsule;
use crate::protocol::capsule::archive::Packing;
use crate::task::modular::ModularTask;

fn weights(with_config: bool) -> WeightsFile {
    let config = Preset::Tiny.config();
    let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 1);
    WeightsFile { weights, config: with_config.then_some(config), step: Some(12) }
}

fn state() -> Vec<u8> {
    let config = Preset::Tiny.config();
    let state = TrainState { step: 12, ..TrainState::start(weights(true).weights) };
    let engine = EngineInfo {
        engine: EngineKind::Folded,
        device: DeviceKind::Cpu,
        device_name: "CPU".into(),
        precision: Precision::F32,
        reason: None,
    };
    StateFile { state, engine }.to_bytes(&config)
}

fn rows() -> Vec<MetricsRow> {
    let evaluation = Evaluation {
        train_loss: 1.0,
        test_loss: 2.0,
        train_accuracy: 0.5,
        test_accuracy: 0.25,
        softmax_collapse_fraction: None,
    };
    vec![MetricsRow { step: 0, evaluation }, MetricsRow { step: 5, evaluation }]
}

fn report_json() -> String {
    let report = report::analyse(
        &weights(true).weights,
        &ModularTask::of(&Preset::Tiny.config().data).expect("a modular task"),
    );
    serde_json::to_string_pretty(&report.expect("the model is whole")).expect("plain data")
}

#[test]
fn every_kind_is_told_by_its_bytes() {
    let tiny = Preset::Tiny.config();
    let capsule = Capsule::new(tiny.clone());
    assert_eq!(read(capsule.to_bytes(Packing::Small)), Ok(Found::Run(Box::new(capsule))));
    for layout in [WeightLayout::PaperCode, WeightLayout::TransformerLens] {
        let Ok(Found::Weights { config, step, .. }) = read(weights(true).to_bytes(layout)) else {
            panic!("{layout:?}");
        };
        assert_eq!((*config, step), (tiny.clone(), Some(12)), "{layout:?}");
        let Ok(Found::Weights { config, .. }) = read(weights(false).to_bytes(layout)) else {
            panic!("{layout:?}");
        };
        assert_eq!(
            (config.data.modular().map(|sums| (sums.p, sums.frac_train)), config.model.d_mlp),
            (Some((7, 0.3)), 32),
            "as grok analyse"
        );
    }
    let Ok(Found::Run(run)) = read(state()) else { panic!("a state is a run") };
    assert_eq!((run.config, run.state.map(|saved| saved.step)), (tiny.clone(), Some(12)));
    assert_eq!(read(metrics_csv::write(&rows()).into_bytes()), Ok(Found::Rows(rows())));
    let config = serde_json::to_vec_pretty(&tiny).expect("plain data");
    assert_eq!(read(config), Ok(Found::Config(Box::new(tiny))));
    assert!(matches!(read(report_json().into_bytes()), Ok(Found::Report(report)) if report.p == 7));
}

#[test]
fn nothing_that_is_broken_or_foreign_is_taken() {
    let mut bad: Vec<Vec<u8>> = vec![
        vec![],
        b"hello".to_vec(),
        b"\x89PNG\r\n\x1a\n".to_vec(),
        b"{}".to_vec(),
        b"[1,2,3]".to_vec(),
        b"step,loss\n1,2\n".to_vec(),
        b"<!doctype html>".to_vec(),
        vec![0xff; 1000],
        vec![0; 1000],
        b"PK\x03\x04".to_vec(),
        "[".repeat(100_000).into_bytes(),
        "{\"a\":".repeat(100_000).into_bytes(),
        serde_json::to_vec(&Preset::Tiny.config()).unwrap().replace_p(),
    ];
    // Parts of good files, of every kind and many lengths.
    let whole: [Vec<u8>; 5] = [
        weights(true).to_bytes(WeightLayout::PaperCode),
        weights(false).to_bytes(WeightLayout::TransformerLens),
        state(),
        Capsule::new(Preset::Tiny.config()).to_bytes(Packing::Small),
        report_json().into_bytes(),
    ];
    for file in whole {
        bad.extend((1..20).map(|part| file[..file.len() * part / 20].to_vec()));
    }
    assert!(bad.len() > 100);
    for (i, bytes) in bad.into_iter().enumerate() {
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(20)]).into_owned();
        let error = read(bytes).expect_err(&format!("file {i}, which begins {start:?}"));
        assert!(error.to_string().len() > 20, "file {i}: {error}");
    }
}

trait ReplaceP {
    /// A configuration whose modulus is no prime.
    fn replace_p(self) -> Self;
}

impl ReplaceP for Vec<u8> {
    fn replace_p(self) -> Self {
        String::from_utf8(self).unwrap().replace("\"p\":7", "\"p\":8").into_bytes()
    }
}
