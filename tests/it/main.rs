//! The native integration tests: one program, the public interface only.

mod analysis_ablation;
mod analysis_forward;
mod analysis_models;
mod analysis_planted;
mod analysis_polynomials;
mod analysis_progress;
mod analysis_reference;
mod analysis_runs;
mod analysis_snapshot;
mod analysis_verdict;
mod bits;
#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
mod cli_analyse;
#[cfg(feature = "cli")]
mod cli_bad_input;
#[cfg(feature = "cli")]
mod cli_files;
#[cfg(feature = "cli")]
mod cli_golden;
#[cfg(feature = "cli")]
mod cli_reproduce;
#[cfg(feature = "cli")]
mod cli_resume;
#[cfg(feature = "cli")]
mod cli_train;
#[cfg(feature = "cli")]
mod cluster;
mod close;
#[cfg(feature = "engine")]
mod engine_oracle;
#[cfg(feature = "figures")]
mod extending;
#[cfg(feature = "figures")]
mod figures;
mod folded_cpu;
#[cfg(feature = "engine")]
mod folded_gpu;
#[cfg(feature = "engine")]
mod folded_oracle;
mod general_golden;
#[cfg(feature = "engine")]
mod general_oracle;
#[cfg(feature = "engine")]
mod hooks;
mod layering;
#[cfg(feature = "cli")]
mod lead_times;
mod literal;
#[cfg(feature = "engine")]
mod memory;
mod module_graph;
mod published_curves;
mod published_seeds;
mod recording;
#[cfg(feature = "cli")]
mod saved_formats;
#[cfg(feature = "engine")]
mod second_task;
mod seeds;
mod settings_doc;
#[cfg(feature = "cli")]
mod sweep;
mod task_batches;
#[cfg(feature = "engine")]
mod tasks;
#[cfg(feature = "cli")]
mod torture;
mod verdict_controls;
mod verdict_models;
mod verdict_seeds;
