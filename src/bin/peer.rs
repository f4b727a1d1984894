//! The worker that does a share of the training worker's steps.

fn main() {
    grokking_lab::worker::peer_loop::start();
}
