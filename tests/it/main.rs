//! The native integration tests: one program, the public interface only.

mod analysis_reference;
#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
mod cli_bad_input;
#[cfg(feature = "cli")]
mod cli_golden;
#[cfg(feature = "cli")]
mod cli_train;
mod close;
#[cfg(feature = "engine")]
mod engine_oracle;
mod layering;
