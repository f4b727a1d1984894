//! The worker that takes weights apart.

fn main() {
    grokking_lab::worker::analyst_loop::start();
}
