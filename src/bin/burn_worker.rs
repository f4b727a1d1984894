//! The web worker that the training worker begins for WebGPU and for Burn's engines.

#[cfg(target_arch = "wasm32")]
unsafe extern "C" {
    fn __wasm_call_ctors();
}

fn main() {
    // SAFETY: the linker makes this function; it runs the registrations of the GPU compiler's
    // operations, which may be run more than once. Without an explicit call every export runs
    // them again at every entry.
    #[cfg(target_arch = "wasm32")]
    unsafe {
        __wasm_call_ctors();
    }
    grokking_lab::worker::run_loop::start();
}
