//! Sections in one compressed file, and a checksum over them: zlib's own has 32 bits and misses flipped bits that move
//! a few digits about.

use core::hash::Hasher;

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::error::{LabError, Result};

/// What every recording begins with, once it is unpacked; the last byte is the version.
const MAGIC: [u8; 8] = *b"grokrec\x01";

/// A file may unpack to so many times its size. A recording does to about two; a thousand is what the
/// compression allows, and what an attack would use.
const MOST_EXPANSION: usize = 64;

/// The packer tries hardest at 10; nobody waits for it.
const LEVEL: u8 = 10;

/// Packs sections, one after the other: the length as four bytes, lowest first, then the bytes. The checksum of all
/// that comes last.
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
    bytes.extend(checksum(&bytes));
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
        let (content, behind) = behind.split_at_checked(len).ok_or_else(ends_early)?;
        *section = content.to_vec();
        rest = behind;
    }
    match rest.len() {
        // Files of earlier builds have none.
        0 => Ok(sections),
        // A fuzzer would hardly get past it.
        CHECKSUM_LEN if cfg!(fuzzing) || *rest == checksum(&bytes[..bytes.len() - CHECKSUM_LEN]) => {
            Ok(sections)
        }
        CHECKSUM_LEN => Err(wrong("its checksum is that of other content: it is damaged")),
        n => Err(wrong(format!("{n} bytes follow its end"))),
    }
}

/// Bytes of a checksum.
const CHECKSUM_LEN: usize = 16;

/// SipHash-2-4 with 128 bits and a key of zeros: against chance, not against intent.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_LEN] {
    let mut hasher = SipHasher24::new();
    hasher.write(bytes);
    hasher.finish128().as_bytes()
}

/// The size of some bytes when packed by themselves.
pub(super) fn packed_len(bytes: &[u8]) -> usize {
    compress_to_vec_zlib(bytes, LEVEL).len()
}

/// An error about the content of a recorded run.
pub(super) fn wrong(reason: impl ToString) -> LabError {
    LabError::content("recording", reason)
}
