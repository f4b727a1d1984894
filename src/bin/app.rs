//! The page's main thread: the interface. Training happens in `worker`.

fn main() {
    console_error_panic_hook::set_once();
    grokking_lab::ui::mount();
}
