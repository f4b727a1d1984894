//! The web worker: owns the training run and computes on the processor.

fn main() {
    grokking_lab::worker::run_loop::start();
}
