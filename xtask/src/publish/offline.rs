//! The service worker's one file.
//!
//! A service worker must name its handlers in its first breath, before anything can be fetched. So its
//! WebAssembly stands in the file itself, behind the glue that wasm-bindgen wrote for it, and is started
//! synchronously. The names of the build and its files go along as a custom section, which also makes the
//! file another one for every build: that is how a browser learns that there is a new build.

use super::{base64, wasm};

/// The custom section: the name of the build, then its files, one a line.
const SECTION: &str = "build";

/// The file's content.
pub fn script(glue: &str, module: &[u8], build: &str, files: &[String]) -> String {
    let list = std::iter::once(build).chain(files.iter().map(String::as_str)).collect::<Vec<_>>().join("\n");
    let module = base64::encode(&wasm::with_section(module, SECTION, list.as_bytes()));
    format!(
        "{}\nwasm_bindgen.initSync({{ module: Uint8Array.from(atob(\"{module}\"), (c) => c.charCodeAt(0)) }});\n",
        glue.trim_end()
    )
}

#[cfg(test)]
mod tests {
    use super::script;

    #[test]
    fn another_build_makes_another_file() {
        let files = ["app.js".to_owned()];
        let one = script("let wasm_bindgen;\n", b"\0asm\x01\0\0\0", "build-1", &files);
        assert!(one.starts_with("let wasm_bindgen;\nwasm_bindgen.initSync("), "{one}");
        assert_ne!(one, script("let wasm_bindgen;\n", b"\0asm\x01\0\0\0", "build-2", &files));
    }
}
