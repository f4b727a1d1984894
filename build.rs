//! The page's program keeps its relocations: with them the publishing step can take it apart into the
//! part that is loaded first and the rest. No other program is touched.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    if target == "wasm32" {
        println!("cargo::rustc-link-arg-bin=app=--emit-relocs");
    }
}
