//! How long the runs of a plan will take, from the speed of a few steps on this machine.

use std::time::{Duration, Instant};

use pollster::block_on;

use crate::analysis::checkpoint_measures::measure;
use crate::analysis::modular::key_freqs::current_key_freqs;
use crate::cli::start::initial_state;
use crate::config::ExperimentConfig;
use crate::config::sweep_plan::PlannedRun;
use crate::engine;
use crate::error::Result;
use crate::model::step_cost;
use crate::task::Dataset;
use crate::task::modular::ModularTask;

/// How long a speed is measured: long enough that the first, slower steps weigh little.
const MEASURED_FOR: Duration = Duration::from_millis(300);

/// The estimated seconds of every run of a plan, on one thread of this machine. The cheapest and the dearest run are
/// measured for a moment; the others lie between them by the products that a step takes.
///
/// # Errors
/// What [`engine::build`] and measuring the weights return.
pub(super) fn secs_per_run(plan: &[PlannedRun]) -> Result<Vec<f64>> {
    let costs: Vec<f64> = plan.iter().map(|run| step_cost::update(&run.config)).collect();
    let by_cost = |a: &usize, b: &usize| costs[*a].total_cmp(&costs[*b]);
    let (Some(least), Some(most)) = ((0..plan.len()).min_by(by_cost), (0..plan.len()).max_by(by_cost)) else {
        return Ok(Vec::new());
    };
    let cheap = Speed::measure(&plan[least].config)?;
    let dear = if costs[most] > costs[least] { Speed::measure(&plan[most].config)? } else { cheap };
    let secs = |(run, cost): (&PlannedRun, f64)| {
        let range = costs[most] - costs[least];
        let part = if range > 0.0 { (cost - costs[least]) / range } else { 0.0 };
        (1.0 - part) * cheap.secs(&run.config) + part * dear.secs(&run.config)
    };
    Ok(plan.iter().zip(costs.iter().copied()).map(secs).collect())
}

/// What takes time in a run.
#[derive(Debug, Clone, Copy)]
struct Speed {
    secs_per_step: f64,
    /// To measure a checkpoint for the curves and the verdict.
    secs_per_checkpoint: f64,
}

impl Speed {
    fn measure(config: &ExperimentConfig) -> Result<Self> {
        let start = initial_state(config, None)?;
        let task = ModularTask::of(&config.data)?;
        let began = Instant::now();
        measure(&start.weights, &task, &current_key_freqs(&start.weights))?;
        let secs_per_checkpoint = began.elapsed().as_secs_f64();
        let mut engine = block_on(engine::build(config, &Dataset::new(&config.data), &start))?;
        block_on(engine.train(1))?;
        let (began, mut n_steps) = (Instant::now(), 0);
        while began.elapsed() < MEASURED_FOR {
            block_on(engine.train(1))?;
            n_steps += 1;
        }
        Ok(Self { secs_per_step: began.elapsed().as_secs_f64() / f64::from(n_steps), secs_per_checkpoint })
    }

    fn secs(self, config: &ExperimentConfig) -> f64 {
        let run = &config.run;
        let n_checkpoints = run.epochs.div_ceil(run.checkpoint_every) + 1;
        self.secs_per_step * run.epochs as f64 + self.secs_per_checkpoint * n_checkpoints as f64
    }
}
