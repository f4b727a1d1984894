//! WebAssembly modules, as far as their sections: which to leave out, and one to add.

use crate::process::Result;

/// Magic number and version.
const HEADER: &[u8] = b"\0asm\x01\0\0\0";

/// Custom sections that no program reads: functions' names and who compiled them.
const NEEDLESS: [&str; 2] = ["name", "producers"];

/// The module without the sections that only people read.
///
/// # Errors
/// One line if it is not a module.
pub fn without_names(module: &[u8]) -> Result<Vec<u8>> {
    let mut rest = module.strip_prefix(HEADER).ok_or("a .wasm file does not begin as WebAssembly does")?;
    let mut kept = HEADER.to_vec();
    while !rest.is_empty() {
        let section = Section::read(rest).ok_or("a .wasm file ends within a section")?;
        if !section
            .custom_name()
            .is_some_and(|name| NEEDLESS.iter().any(|needless| name == needless.as_bytes()))
        {
            kept.extend_from_slice(section.bytes);
        }
        rest = &rest[section.bytes.len()..];
    }
    Ok(kept)
}

/// The module with one more custom section, which the program can read as
/// `WebAssembly.Module.customSections`.
pub fn with_section(module: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    let mut body = leb128(name.len());
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(content);
    let mut module = module.to_vec();
    module.push(0);
    module.extend(leb128(body.len()));
    module.extend(body);
    module
}

/// One section.
struct Section<'a> {
    /// What it is; 0 for a custom section.
    id: u8,
    /// Its content.
    content: &'a [u8],
    /// All of it, with its head.
    bytes: &'a [u8],
}

impl<'a> Section<'a> {
    /// The first section of these; none if it is cut off.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&id, rest) = bytes.split_first()?;
        let (length, n_read) = read_leb128(rest)?;
        let end = 1 + n_read + length;
        Some(Self { id, content: bytes.get(1 + n_read..end)?, bytes: bytes.get(..end)? })
    }

    fn custom_name(&self) -> Option<&'a [u8]> {
        let (length, n_read) = read_leb128(self.content)?;
        (self.id == 0).then(|| self.content.get(n_read..n_read + length))?
    }
}

/// A number of at most 32 bits in groups of seven, the lowest first, and how many bytes it takes.
fn read_leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (i, &byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            return Some((value, i + 1));
        }
    }
    None
}

fn leb128(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::{HEADER, leb128, read_leb128, with_section, without_names};

    #[test]
    fn names_go_and_everything_else_stays() {
        let types = [1, 4, 1, 0x60, 0, 0];
        let module = [HEADER, &types].concat();
        let full =
            with_section(&with_section(&module, "target_features", b"\x01+simd128"), "name", &[7; 300]);
        let kept = without_names(&full).expect("a module");
        assert_eq!(kept, with_section(&module, "target_features", b"\x01+simd128"));
        assert_eq!(without_names(&kept).expect("a module"), kept, "nothing more to leave out");
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(without_names(b"<!doctype html>").is_err());
        let cut = with_section(HEADER, "name", &[7; 300]);
        assert!(without_names(&cut[..cut.len() - 1]).is_err());
        assert!(without_names(&[HEADER, &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]].concat()).is_err());
    }

    #[test]
    fn lengths_read_back() {
        for value in [0, 1, 127, 128, 300, 624_485, u32::MAX as usize] {
            let bytes = leb128(value);
            assert_eq!(read_leb128(&bytes), Some((value, bytes.len())));
        }
    }
}
