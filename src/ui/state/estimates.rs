//! How long a run would take on this device: from the speed of a run of the same settings, else from a
//! probe of two seconds, scaled by the arithmetic of a step. Pure.

use crate::config::{DeviceChoice, ExperimentConfig, Preset, RunConfig};
use crate::engine::DeviceKind;
use crate::model::step_cost;
use crate::protocol::Timing;

/// No step is shorter than this, however small the model: the worker listens between two.
const LEAST_CPU_SECS: f64 = 1e-4;
/// On a graphics card each step is a score of dispatches.
const LEAST_GPU_SECS: f64 = 1e-3;

/// After so many probes of one kind that gave nothing no more are made.
const MAX_TRIES: usize = 3;

/// What is known of the speed of this device.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Estimates {
    /// What the worker measures now.
    pub measuring: Option<ExperimentConfig>,
    /// Seconds for which the worker has had nothing to do.
    pub rest_secs: usize,
    /// What `auto` means here, once it is known.
    auto_device: Option<DeviceKind>,
    /// Probes by what was probed.
    probed: Vec<(ExperimentConfig, Timing)>,
    /// Probes that gave nothing.
    failed: Vec<ExperimentConfig>,
    /// Steps a second of runs, by [`pace`].
    runs: Vec<(ExperimentConfig, f64)>,
}

/// What is timed for these settings: the paper's sizes, computed in the way that the settings ask for. The
/// sizes are always the same, so that a probe serves every preset and no size is too much for the tab.
pub fn probe(config: &ExperimentConfig) -> ExperimentConfig {
    let mut probe = Preset::Paper.config();
    let RunConfig { engine, device, precision, threads, reproducible, .. } = config.run;
    probe.run = RunConfig { engine, device, precision, threads, reproducible, ..probe.run };
    probe.model.n_layers = config.model.n_layers;
    probe.model.activation = config.model.activation;
    probe.optim.loss = config.optim.loss;
    probe
}

/// A preset as it would be trained: on the device that is chosen.
pub fn of_preset(preset: Preset, device: DeviceChoice) -> ExperimentConfig {
    let mut config = preset.config();
    config.run.device = device;
    config
}

/// The settings without what leaves the speed as it is: two runs of equal pace are equally fast.
fn pace(config: &ExperimentConfig) -> ExperimentConfig {
    let mut pace = Preset::Paper.config();
    pace.data = config.data.clone();
    pace.data.copy_seed(&Preset::Paper.config().data);
    pace.model = config.model.clone();
    pace.model.seed = 0;
    pace.optim.loss = config.optim.loss;
    pace.run = RunConfig { epochs: 1, checkpoint_every: 1, ..config.run.clone() };
    pace
}

impl Estimates {
    /// A worker has found its device. If that is another one than before, what was measured
    /// on the device of `auto` tells nothing any more.
    pub fn connected(&mut self, device: DeviceKind) {
        (self.measuring, self.rest_secs) = (None, 0);
        if self.auto_device.replace(device) != Some(device) {
            let is_named = |config: &ExperimentConfig| config.run.device != DeviceChoice::Auto;
            self.probed.retain(|(config, _)| is_named(config));
            self.failed.retain(is_named);
            self.runs.retain(|(config, _)| is_named(config));
        }
    }

    /// Takes the answer to a probe in; none if it gave nothing.
    pub fn probed(&mut self, timing: Option<Timing>) {
        let Some(probe) = self.measuring.take() else { return };
        match timing.filter(|timing| timing.steps_per_s > 0.0) {
            Some(timing) => put(&mut self.probed, probe, timing),
            None => self.failed.push(probe),
        }
    }

    /// Takes the speed of a run in, in steps a second.
    pub fn ran(&mut self, config: &ExperimentConfig, steps_per_s: f64) {
        if steps_per_s > 0.0 {
            put(&mut self.runs, pace(config), steps_per_s);
        }
    }

    /// Whether a probe of these settings would tell something.
    pub fn lacks(&self, config: &ExperimentConfig) -> bool {
        let probe = probe(config);
        let n_failed = self.failed.iter().filter(|failed| **failed == probe).count();
        n_failed < MAX_TRIES && find(&self.probed, &probe).is_none()
    }

    /// Seconds that all epochs of these settings take here; none before anything was measured.
    pub fn secs(&self, config: &ExperimentConfig) -> Option<f64> {
        let epochs = config.run.epochs as f64;
        if let Some(steps_per_s) = find(&self.runs, &pace(config)) {
            return Some(epochs / steps_per_s);
        }
        let probe = probe(config);
        let timing = find(&self.probed, &probe)?;
        let per_operation = 1.0 / timing.steps_per_s / step_cost::update(&probe);
        let operations = step_cost::step(config);
        let least = match timing.engine.device {
            DeviceKind::Gpu => LEAST_GPU_SECS,
            DeviceKind::Cpu => LEAST_CPU_SECS,
        };
        Some(epochs * (operations * per_operation).max(least))
    }
}

fn put<T>(list: &mut Vec<(ExperimentConfig, T)>, key: ExperimentConfig, value: T) {
    list.retain(|(known, _)| *known != key);
    list.push((key, value));
}

fn find<'a, T>(list: &'a [(ExperimentConfig, T)], key: &ExperimentConfig) -> Option<&'a T> {
    list.iter().find(|(known, _)| known == key).map(|(_, value)| value)
}

/// A length of time with no more digits than an estimate has: `about 26 s`, `about 35 min`, `about 2.5 h`.
pub fn words(secs: f64) -> String {
    match secs {
        secs if secs < 90.0 => format!("about {:.0} s", secs.max(1.0)),
        secs if secs < 90.0 * 60.0 => format!("about {:.0} min", secs / 60.0),
        secs if secs < 10.0 * 3_600.0 => format!("about {:.1} h", secs / 3_600.0),
        secs if secs < 48.0 * 3_600.0 => format!("about {:.0} h", secs / 3_600.0),
        secs => format!("about {:.0} days", secs / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::{Estimates, MAX_TRIES, probe, words};
    use crate::config::{DeviceChoice, EngineChoice, ExperimentConfig, Precision, Preset};
    use crate::engine::{DeviceKind, EngineInfo, EngineKind};
    use crate::protocol::Timing;

    fn timing(device: DeviceKind, steps_per_s: f64) -> Timing {
        let engine = EngineInfo {
            engine: EngineKind::Folded,
            device,
            device_name: String::new(),
            precision: Precision::F32,
            reason: None,
        };
        Timing { engine, steps_per_s, p: 113, d_model: 128, n_train: 3_830 }
    }

    fn probed(config: &ExperimentConfig, timing: Timing) -> Estimates {
        let mut estimates = Estimates { measuring: Some(probe(config)), ..Estimates::default() };
        estimates.probed(Some(timing));
        assert_eq!(estimates.measuring, None);
        estimates
    }

    #[test]
    fn one_probe_tells_of_every_preset() {
        // 24 updates a second, without evaluations: what a core of docs/performance.md does.
        let estimates = probed(&Preset::Quick.config(), timing(DeviceKind::Cpu, 24.0));
        let secs = |preset: Preset| estimates.secs(&preset.config()).expect("it was probed");
        let mut half = Preset::Quick.config();
        half.data.change_modular(|sums| sums.frac_train = 0.5);
        half.run.epochs = 3_000;
        let secs_half = estimates.secs(&half).expect("it was probed");
        assert!((20.0..40.0).contains(&secs_half), "measured: 26 s, not {secs_half}");
        let minutes = secs(Preset::Paper) / 60.0;
        assert!((28.0..35.0).contains(&minutes), "40,000 steps at 21 a second: 32 min, not {minutes}");
        assert!(secs(Preset::Tiny) < 2.0);
        assert!(estimates.lacks(&Preset::Slingshot.config()), "another loss is another computation");
        assert_eq!(estimates.secs(&Preset::Slingshot.config()), None);
    }

    #[test]
    fn the_speed_of_a_run_wins_over_a_probe() {
        let mut config = Preset::Quick.config();
        let mut estimates = probed(&config, timing(DeviceKind::Cpu, 24.0));
        estimates.ran(&config, 400.0);
        assert_eq!(estimates.secs(&config), Some(10.0));
        estimates.ran(&config, 100.0);
        (config.model.seed, config.optim.weight_decay, config.run.epochs) = (7, 0.1, 1_000);
        assert_eq!(estimates.secs(&config), Some(10.0), "a seed or a decay changes no speed");
        config.model.d_mlp = 512;
        assert!(estimates.secs(&config).is_some_and(|secs| secs > 10.0), "a width does");
    }

    #[test]
    fn another_device_or_engine_is_another_probe() {
        let config = Preset::Paper.config();
        let estimates = probed(&config, timing(DeviceKind::Cpu, 24.0));
        assert!(!estimates.lacks(&config));
        for change in [
            |c: &mut ExperimentConfig| c.run.device = DeviceChoice::Gpu,
            |c: &mut ExperimentConfig| c.run.threads = 1,
            |c: &mut ExperimentConfig| c.run.engine = EngineChoice::Literal,
            |c: &mut ExperimentConfig| c.model.n_layers = 2,
        ] {
            let mut other = config.clone();
            change(&mut other);
            assert!(estimates.lacks(&other) && estimates.secs(&other).is_none(), "{other:?}");
        }
    }

    #[test]
    fn a_device_that_is_no_longer_there_tells_nothing() {
        let (auto, mut named) = (Preset::Quick.config(), Preset::Quick.config());
        named.run.device = DeviceChoice::Cpu;
        let mut estimates = Estimates::default();
        estimates.connected(DeviceKind::Gpu);
        for config in [&auto, &named] {
            estimates.measuring = Some(probe(config));
            estimates.probed(Some(timing(DeviceKind::Cpu, 24.0)));
            estimates.ran(config, 100.0);
        }
        estimates.connected(DeviceKind::Gpu);
        assert!(estimates.secs(&auto).is_some(), "the same device again");
        estimates.connected(DeviceKind::Cpu);
        assert_eq!(estimates.secs(&auto), None, "the card is gone");
        assert!(estimates.secs(&named).is_some());
    }

    #[test]
    fn a_small_model_does_not_make_a_card_quicker_than_its_dispatches() {
        let estimates = probed(&Preset::Tiny.config(), timing(DeviceKind::Gpu, 900.0));
        let secs = estimates.secs(&Preset::Tiny.config()).expect("it was probed");
        assert!(secs >= 0.3, "300 steps of a millisecond, not {secs} s");
    }

    #[test]
    fn a_probe_that_keeps_failing_is_given_up() {
        let (mut estimates, config) = (Estimates::default(), Preset::Paper.config());
        for _ in 0..MAX_TRIES {
            assert!(estimates.lacks(&config));
            estimates.measuring = Some(probe(&config));
            estimates.probed(None);
        }
        assert!(!estimates.lacks(&config));
        assert_eq!(estimates.secs(&config), None, "nothing is made up");
        estimates.probed(Some(timing(DeviceKind::Cpu, 1.0)));
        assert_eq!(estimates.secs(&config), None, "an answer that nobody waits for");
    }

    #[test]
    fn an_estimate_has_two_digits() {
        for (secs, text) in [
            (0.2, "about 1 s"),
            (26.3, "about 26 s"),
            (2_100.0, "about 35 min"),
            (9_000.0, "about 2.5 h"),
            (100_000.0, "about 28 h"),
            (800_000.0, "about 9 days"),
        ] {
            assert_eq!(words(secs), text, "{secs} s");
        }
    }
}
