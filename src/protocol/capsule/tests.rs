//! A run there and back, and archives that are not what they seem.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::archive::{self, Packing};
use super::{Capsule, Saved};
use crate::analysis::modular::report::analyse;
use crate::config::{Precision, Preset};
use crate::engine::state_file::StateFile;
use crate::engine::{DeviceKind, EngineInfo, EngineKind, Evaluation, MetricsRow, TrainState};
use crate::model::ModelShape;
use crate::model::init::initial_weights;
use crate::model::safetensors::{WeightLayout, WeightsFile};
use crate::task::modular::ModularTask;

fn engine() -> EngineInfo {
    EngineInfo {
        engine: EngineKind::Folded,
        device: DeviceKind::Cpu,
        device_name: "a processor".into(),
        precision: Precision::F32,
        reason: None,
    }
}

fn weights(step: usize) -> Vec<u8> {
    let config = Preset::Tiny.config();
    let weights = initial_weights(&ModelShape::new(&config.data, &config.model), step as u32);
    WeightsFile { weights, config: Some(config), step: Some(step) }.to_bytes(WeightLayout::PaperCode)
}

fn run() -> Capsule {
    let config = Preset::Tiny.config();
    let shape = ModelShape::new(&config.data, &config.model);
    let state = TrainState { step: 25, ..TrainState::start(initial_weights(&shape, 3)) };
    let state = StateFile { state, engine: engine() }.to_bytes(&config);
    let row = |step| MetricsRow {
        step,
        evaluation: Evaluation {
            train_loss: 1.0 / 3.0,
            test_loss: f64::NAN,
            train_accuracy: 0.1,
            test_accuracy: 0.0,
            softmax_collapse_fraction: None,
        },
    };
    let mut capsule = Capsule::new(config);
    capsule.head.name = Some("a run, \"quoted\"".into());
    capsule.head.began_ms = Some(1.7e12);
    capsule.head.engine = Some(engine());
    capsule.rows = (0..=25).step_by(5).map(row).collect();
    capsule.state = Some(Saved { step: 25, state: Arc::new(state) });
    capsule.checkpoints = [0, 1, 20].map(|step| (step, Arc::new(weights(step)))).into();
    capsule
}

/// NaN equals nothing, itself included: rows are compared as text.
fn assert_same(read: &Capsule, written: &Capsule) {
    assert_eq!(format!("{:?}", read.rows), format!("{:?}", written.rows), "rows");
    let without_rows = |capsule: &Capsule| Capsule { rows: Vec::new(), ..capsule.clone() };
    assert_eq!(without_rows(read), without_rows(written));
}

fn files(capsule: &Capsule) -> archive::Files {
    archive::read(&capsule.to_bytes(Packing::Plain)).expect("it was just written")
}

fn pack(files: &archive::Files) -> Vec<u8> {
    archive::write(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())), Packing::Plain)
}

fn message(files: &archive::Files) -> String {
    Capsule::from_bytes(&pack(files)).expect_err("it is bad").to_string()
}

#[test]
fn a_run_comes_back_whole() {
    for packing in [Packing::Plain, Packing::Small] {
        let bytes = run().to_bytes(packing);
        assert_same(&Capsule::from_bytes(&bytes).expect("it was just written"), &run());
        assert_eq!(bytes, run().to_bytes(packing), "the same bytes each time");
    }
    assert_eq!(run().step(), 25);
    let bare = Capsule::new(Preset::Paper.config());
    assert_eq!(Capsule::from_bytes(&bare.to_bytes(Packing::Plain)), Ok(bare), "nothing but settings");
}

#[test]
fn every_report_comes_back_and_the_last_one_has_a_name_of_its_own() {
    let config = Preset::Tiny.config();
    let report = |seed| {
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), seed);
        Arc::new(
            analyse(&weights, &ModularTask::of(&config.data).expect("a modular task"))
                .expect("the model is whole"),
        )
    };
    let mut capsule = run();
    capsule.head.user_agent = Some("a browser".into());
    capsule.reports = [(1, report(1)), (20, report(2))].into();
    let packed = files(&capsule);
    assert_eq!(packed["report.json"], packed["reports/step-000020.json"]);
    let read = Capsule::from_bytes(&pack(&packed)).expect("it was just written");
    assert_same(&read, &capsule);

    let mut of_the_command_line = packed;
    of_the_command_line.retain(|name, _| !name.starts_with("reports/"));
    let read = Capsule::from_bytes(&pack(&of_the_command_line)).expect("a directory of grok train");
    assert_eq!(read.reports, BTreeMap::from([(25, report(2))]), "on its last weights");
}

#[test]
fn the_last_weights_are_those_of_the_state_or_the_last_checkpoint() {
    let mut capsule = run();
    assert_eq!(capsule.last_weights().map(|file| file.step), Ok(Some(25)));
    capsule.state = None;
    assert_eq!(capsule.last_weights().map(|file| file.step), Ok(Some(20)));
    capsule.checkpoints = BTreeMap::new();
    assert!(capsule.last_weights().unwrap_err().to_string().contains("no weights"));
}

#[test]
fn a_packed_directory_of_the_command_line_is_a_capsule() {
    let mut plain = files(&run());
    plain.remove("capsule.json");
    plain.insert(".lock".into(), Vec::new());
    let in_folder: archive::Files =
        plain.into_iter().map(|(name, bytes)| (format!("runs/one/{name}"), bytes)).collect();
    let read = Capsule::from_bytes(&pack(&in_folder)).expect("a folder is looked into");
    assert_eq!(read.head.engine, Some(engine()), "the state tells the engine");
    assert_eq!(read.checkpoints, run().checkpoints);

    let mut two = in_folder.clone();
    two.insert("runs/two/config.json".into(), in_folder["runs/one/config.json"].clone());
    assert!(message(&two).contains("more than one run"), "{}", message(&two));
}

#[test]
fn every_part_that_does_not_belong_is_named() {
    let other_model = {
        let config = Preset::Quick.config();
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 1);
        WeightsFile { weights, config: None, step: None }.to_bytes(WeightLayout::PaperCode)
    };
    let cases: [(&str, Vec<u8>, &str); 10] = [
        ("config.json", b"{}".to_vec(), "capsule, config.json"),
        (
            "config.json",
            String::from_utf8(files(&run())["config.json"].clone())
                .unwrap()
                .replace("\"p\": 7", "\"p\": 8")
                .into_bytes(),
            "odd prime",
        ),
        ("capsule.json", br#"{"format":99}"#.to_vec(), "format 99"),
        ("capsule.json", b"[".to_vec(), "capsule, capsule.json"),
        ("metrics.csv", vec![0xff], "capsule, metrics.csv"),
        ("metrics.csv", b"a,b\n".to_vec(), "first line"),
        ("measures.json", b"[[1,2]]".to_vec(), "capsule, measures.json"),
        ("state.safetensors", weights(3), "optim.first_moment"),
        ("checkpoints/step-000020.safetensors", weights(21), "step 21"),
        ("checkpoints/step-000020.safetensors", other_model, "another model"),
    ];
    for (name, bytes, expected) in cases {
        let mut files = files(&run());
        files.insert(name.into(), bytes);
        let message = message(&files);
        assert!(message.contains(expected), "{name}: {message:?} should say {expected:?}");
    }
    let mut no_config = files(&run());
    no_config.remove("config.json");
    assert!(message(&no_config).contains("no config.json"));
}

#[test]
fn truncations_and_flipped_bits_are_found() {
    let bytes = run().to_bytes(Packing::Plain);
    for end in (0..bytes.len()).step_by(97) {
        Capsule::from_bytes(&bytes[..end]).expect_err("a part of the file");
    }
    let whole = run();
    for at in (0..bytes.len()).step_by(61) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        if let Ok(read) = Capsule::from_bytes(&damaged) {
            // A damaged name or date can make a file be passed over; what is read is right.
            for (step, file) in &read.checkpoints {
                assert_eq!(Some(file), whole.checkpoints.get(step), "byte {at}");
            }
            assert!(read.state.is_none() || read.state == whole.state, "byte {at}");
            assert_eq!(read.config, whole.config, "byte {at}");
        }
    }
}

#[test]
fn a_table_of_too_many_rows_is_refused_with_the_limit() {
    let table = |n: usize| {
        let lines = "1,1,1,1,1\n".repeat(n);
        format!("step,train_loss,test_loss,train_accuracy,test_accuracy\n{lines}")
    };
    let refused = super::read_metrics(&table(super::MAX_ROWS_READ + 1)).expect_err("too many").to_string();
    assert!(refused.contains("it has 1000001 rows; at most 1000000 are read"), "{refused}");
    let read =
        super::read_metrics(&table(super::MAX_ROWS_READ)).expect_err("the steps do not rise").to_string();
    assert!(read.contains("line 3 has step 1"), "so many are read: {read}");
    let json = serde_json::to_vec(&Preset::Tiny.config()).expect("plain data");
    let table = table(super::MAX_ROWS_READ + 1);
    let files = [("config.json", json.as_slice()), ("metrics.csv", table.as_bytes())];
    let refused =
        Capsule::from_bytes(&archive::write(files, Packing::Small)).expect_err("too many").to_string();
    assert!(refused.contains("at most 1000000 are read"), "{refused}");
}

#[test]
fn a_capsule_of_the_first_version_reads() {
    let bytes = include_bytes!("../../../tests/fixtures/saved-v1/run.capsule.zip");
    let capsule = Capsule::from_bytes(bytes).expect("it was written by version 0.1.0");
    let expected = EngineInfo { device_name: "2 threads, AVX-512".into(), ..engine() };
    assert_eq!(capsule.head.engine, Some(expected.clone()));
    let state = capsule.state.expect("it can go on");
    let shape = ModelShape::new(&capsule.config.data, &capsule.config.model);
    assert_eq!(StateFile::from_bytes(&state.state, &shape).map(|file| file.engine), Ok(expected));
}
