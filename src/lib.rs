//! Grokking Lab: train the transformer of "Progress measures for grokking via mechanistic
//! interpretability" (Nanda, Chan, Lieberum, Smith, Steinhardt, ICLR 2023), watch it grok and take
//! it apart; in a browser tab on WebGPU or WebAssembly, or natively.
//!
//! # The programs over one library
//!
//! | program | feature | what it is |
//! |---|---|---|
//! | `app` | `page` | the page: user interface and figures on the main thread, without Burn |
//! | `worker` | `worker` | the web worker: owns the training run and computes on the processor, without Burn |
//! | `burn_worker` | `burn-worker` | computes what needs WebGPU or Burn's engines for `worker` |
//! | `peer` | `peer` | does a share of each step for the training worker, without Burn |
//! | `analyst` | `analyst` | takes checkpoints apart while another worker trains, without Burn |
//! | `grok` | `cli` | the command line |
//!
//! The page and the worker exchange the two enums of [`protocol`] and nothing else.
//!
//! # The map, from the bottom up
//!
//! | module | what lives there | knows |
//! |---|---|---|
//! | [`error`] | every way the lab can fail | |
//! | [`format`] | numbers as people read them | |
//! | [`maths`] | residues, random numbers, Fourier transforms, statistics | |
//! | [`config`] | one experiment as data; the table of settings; presets; the one validation | maths |
//! | [`task`] | from a task's configuration to its examples; one file for each task | and config |
//! | [`model`] | shapes, host weights and their files; the transformer in Burn tensors | and task |
//! | [`engine`] | the training step on a dataset, behind one small trait; the devices | and model |
//! | [`analysis`] | from weights to findings, on the host in float64: [`analysis::general`] of any task, [`analysis::modular`] of sums | and engine |
//! | [`protocol`] | what crosses the border between page and worker | and analysis |
//! | `plot` | figures: plain data to any plotters backend | and analysis |
//! | `worker` | finds a device, runs the run | and protocol |
//! | `ui` | the page: `state`, `update`, `browser`, `views`, from plain data to components | and protocol, plot |
//! | `cli` | `grok` and the folder a run leaves | all but worker and ui |
//!
//! Arrows point down only and no files use each other in a cycle; a test reads the source to see that it is so.
//! `docs/extending.md` lists what one touches to add a setting, a preset, a measure, a figure, a claim or a task.
//! `docs/engine.md` derives what a training step computes.
//!
//! # What is absent, on purpose
//!
//! - No Burn tensor above [`engine`], and no Burn at all in the page's main program.
//! - No file, clock or unseeded random number below the programs' own layer.
//! - Only `engine/device.rs` makes devices, only `ui/browser/dom.rs` reaches into the document, only
//!   `protocol/codec.rs` turns our types into JavaScript values.
//! - No panic on user input: [`config::ExperimentConfig::validate`] is the gate, and errors are
//!   [`error::LabError`].
//!
//! # Words
//!
//! A *step* is one update on the whole train set, which the paper calls an epoch. The letters p, a,
//! b, c are residues; W_E, W_pos, W_Q, W_K, W_V, W_O, W_in, W_out, W_U the weights as
//! TransformerLens names them; `freq` is the integer k of w_k = 2πk/p. Losses are means in nats.
//!
//! What the field has no word for: *folded* is the training step in which everything that depends on one token is
//! computed once ([`engine::folded`]); a *shard* is the part of the pairs that one worker sums over, the *leader* the
//! worker that has the run and the *followers* those that share its steps; the *analyst* is the web worker that
//! analyses checkpoints; a *capsule* is a run in one file.

#![expect(non_snake_case, reason = "weights carry the field's names: W_E, W_pos, W_Q")]

pub mod error;
pub mod format;
pub mod maths;
pub mod config;
pub mod task;
pub mod model;
pub mod engine;
pub mod analysis;
pub mod protocol;
#[cfg(feature = "figures")]
pub mod plot;
#[cfg(any(feature = "engine", feature = "worker", feature = "peer", feature = "analyst"))]
pub mod worker;
#[cfg(feature = "page")]
pub mod ui;
#[cfg(feature = "cli")]
pub mod cli;
