//! The page's service worker: keeps the page's files in the browser, so that it opens without a network.
//!
//! Each build has its own cache, filled when the build is first met and dropped when no page uses it any
//! more. Files of a build never change, so they come from the cache. The page itself comes from the
//! network while there is one, so that a new build is seen at once.
//!
//! `cargo xtask finish` puts this program and its loader into one file and tells it, in a custom section
//! of the module, the name of the build and its files.

mod build;
#[cfg(target_arch = "wasm32")]
mod handlers;

fn main() {
    #[cfg(target_arch = "wasm32")]
    handlers::attach();
}
