//! The project's own five runs of the paper's experiment: made again to the bit.

use std::collections::BTreeMap;

use grokking_lab::config::{ExperimentConfig, Preset};
use grokking_lab::engine::folded::FoldedCpu;
use grokking_lab::engine::{Engine, TrainState};
use grokking_lab::model::ModelShape;
use grokking_lab::model::init::initial_weights;
use grokking_lab::task::Dataset;
use pollster::block_on;

/// The runs' seeds, of the initial weights and of the split.
const SEEDS: std::ops::Range<u32> = 0..5;

/// Steps that are trained again: from guessing to half of the train set, in a second or two a seed.
const AGAIN: usize = 100;

type Rows = BTreeMap<usize, BTreeMap<String, f64>>;

fn config(seed: u32) -> ExperimentConfig {
    let mut config = Preset::Paper.config();
    config.model.seed = seed;
    config.data.change_modular(|modular| modular.split = format!("python:{seed}").parse().expect("a split"));
    config.run.reproducible = true;
    config.validate().expect("the paper's experiment");
    config
}

fn rows(seed: u32) -> Rows {
    let path = format!("{}/tests/reference/seeds/seed-{seed}.csv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the curves are part of the project");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("a head line").split(',').collect();
    lines
        .map(|line| {
            let values = line.split(',').map(|text| text.parse::<f64>().expect("a number"));
            let row: BTreeMap<String, f64> =
                names.iter().map(|name| (*name).to_owned()).zip(values).collect();
            (row["step"] as usize, row)
        })
        .collect()
}

/// The first kept step at which a column is below a limit.
fn below(rows: &Rows, name: &str, limit: f64) -> usize {
    let found = rows.iter().find(|(_, row)| row[name] < limit);
    *found.unwrap_or_else(|| panic!("{name} never falls below {limit}")).0
}

#[test]
fn the_runs_begin_again_with_the_same_bits() {
    for seed in SEEDS {
        let (config, rows) = (config(seed), rows(seed));
        let dataset = Dataset::new(&config.data);
        let shape = ModelShape::new(&config.data, &config.model);
        let start = TrainState::start(initial_weights(&shape, config.model.seed));
        let mut engine = FoldedCpu::new(&config, &dataset, &start).expect("the model folds");
        for (step, row) in rows.range(..=AGAIN) {
            block_on(engine.train(step - engine.step())).expect("the CPU does not fail");
            let now = block_on(engine.evaluate()).expect("the CPU does not fail");
            let names = ["train_loss", "test_loss", "train_accuracy", "test_accuracy"];
            let values = [now.train_loss, now.test_loss, now.train_accuracy, now.test_accuracy];
            for (name, value) in names.iter().zip(values) {
                let kept = row[*name];
                assert_eq!(
                    value.to_bits(),
                    kept.to_bits(),
                    "seed {seed}, step {step}: {name} {value}, kept {kept}"
                );
            }
        }
        assert_eq!(engine.step(), AGAIN, "steps 0 and 100 are kept");
    }
}

#[test]
fn every_kept_run_is_whole_and_groks() {
    for seed in SEEDS {
        let rows = rows(seed);
        let steps: Vec<usize> = rows.keys().copied().collect();
        assert_eq!((steps[0], steps[steps.len() - 1]), (0, 40_000), "seed {seed}: the whole run");
        let last = &rows[&40_000];
        for (name, value) in last {
            assert!(value.is_finite(), "seed {seed}: {name} is {value}");
        }
        assert_eq!(rows[&400]["train_accuracy"], 1.0, "seed {seed}: memorised at once");
        assert!(rows[&1_000]["test_loss"] > 113_f64.ln(), "seed {seed}: worse than a guess meanwhile");
        assert_eq!(last["test_accuracy"], 1.0, "seed {seed}: right everywhere in the end");
        assert!(
            below(&rows, "restricted_loss_all", 1.0) < below(&rows, "test_loss", 1.0),
            "seed {seed}: the restricted loss falls first"
        );
        assert!(
            last["excluded_loss_train"] > 113_f64.ln(),
            "seed {seed}: worse than a guess without its waves"
        );
    }
}
