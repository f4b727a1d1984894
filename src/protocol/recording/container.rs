//! Named sections in one compressed file.

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use crate::error::{LabError, Result};

/// What every recording begins with, once it is unpacked; the last byte is the version.
const MAGIC: [u8; 8] = *b"grokrec\x01";

/// A file may unpack to so many times its size. A recording does to about two; a thousand is what the
/// compression allows, and what an attack would use.
const MOST_EXPANSION: usize = 64;

/// The packer tries hardest at 10; nobody waits for it.
const LEVEL: u8 = 10;

/// Packs sections, one after the other: the length as four bytes, lowest first, then the bytes.
///
/// # Errors
/// [`LabError::Content`](crate::error::LabError::Content) for a section of 4 GiB or more.
pub(super) fn pack(sections: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut bytes = MAGIC.to_vec();
    for section in sections {
        let len = u32::try_from(section.len()).map_err(|_| wrong("a section is longer than 4 GiB"))?;
        bytes.extend(len.to_le_bytes());
        bytes.extend(section);
    }
    Ok(compress_to_vec_zlib(&bytes, LEVEL))
}

/// Unpacks a file of exactly `N` sections.
///
/// # Errors
/// [`LabError::Content`](crate::error::LabError::Content) if the bytes are no such file, are damaged (there is a
/// checksum) or unpack to an absurd size.
pub(super) fn unpack<const N: usize>(file: &[u8]) -> Result<[Vec<u8>; N]> {
    let most = MOST_EXPANSION * file.len();
    let bytes = decompress_to_vec_zlib_with_limit(file, most)
        .map_err(|error| wrong(format!("it cannot be unpacked: {:?}", error.status)))?;
    let mut rest =
        bytes.strip_prefix(&MAGIC[..]).ok_or_else(|| wrong("it is no recording of this version"))?;
    let mut sections = [const { Vec::new() }; N];
    for section in &mut sections {
        let ends_early = || wrong("it ends in the middle of a section");
        let (len, behind) = rest.split_first_chunk::<4>().ok_or_else(ends_early)?;
        let len = u32::from_le_bytes(*len) as usize;
        let (bytes, behind) = behind.split_at_checked(len).ok_or_else(ends_early)?;
        *section = bytes.to_vec();
        rest = behind;
    }
    if !rest.is_empty() {
        return Err(wrong(format!("{} bytes follow its end", rest.len())));
    }
    Ok(sections)
}

/// The size of some bytes when packed by themselves.
pub(super) fn packed_len(bytes: &[u8]) -> usize {
    compress_to_vec_zlib(bytes, LEVEL).len()
}

/// An error about the content of a recorded run.
pub(super) fn wrong(reason: impl ToString) -> LabError {
    LabError::content("recording", reason)
}
