//! The page's main thread: the interface. Training happens in `worker`.

fn main() {
    grokking_lab::ui::mount();
}
