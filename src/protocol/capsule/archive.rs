//! Files in a zip archive, there and back, without trust in the bytes.
//!
//! A zip, because any system can look inside and because each file has its checksum. What the bytes
//! claim is checked before memory is taken for it.

use std::collections::BTreeMap;
use std::io::Write;

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use rawzip::{
    CompressionMethod, Crc32Option, DataDescriptorOutput, ZipArchive, ZipArchiveWriter, ZipFileHeaderRecord,
    ZipSliceArchive,
};

use crate::error::{LabError, Result};

/// The first bytes of an archive that holds anything.
pub const SIGNATURE: &[u8] = b"PK\x03\x04";

/// The most files that are read: a capsule has one per checkpoint and a handful besides.
const MAX_FILES: usize = 5_000;

/// The most bytes that all files together may unpack to: beyond it a tab may run out of memory.
pub const MAX_UNPACKED_BYTES: usize = 512 << 20;

/// The most bytes that a file of text may unpack to: tables and reports stay far below, and a page that reads one
/// needs several times as much memory.
const MAX_TEXT_BYTES: usize = 128 << 20;

/// How hard files are packed: weights hardly shrink, and a higher level only takes longer.
const LEVEL: u8 = 4;

/// Files by name, with `/` between folders.
pub type Files = BTreeMap<String, Vec<u8>>;

/// How files are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// As they are: quick.
    Plain,
    /// Deflated where that makes them smaller.
    Small,
}

/// Writes an archive; the same files give the same bytes.
pub fn write<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>, packing: Packing) -> Vec<u8> {
    // A vector takes every byte, and names are ours: nothing here can fail.
    let reason = "a vector can always be written to";
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in files {
        let packed = (packing == Packing::Small)
            .then(|| compress_to_vec(bytes, LEVEL))
            .filter(|packed| packed.len() < bytes.len());
        let (method, stored) = match &packed {
            Some(packed) => (CompressionMethod::DEFLATE, packed.as_slice()),
            None => (CompressionMethod::STORE, bytes),
        };
        let file = archive.new_file(name).compression_method(method).crc32(Crc32Option::Skip);
        let (mut entry, _) = file.start().expect(reason);
        entry.write_all(stored).expect(reason);
        entry.finish(DataDescriptorOutput::new(rawzip::crc32(bytes), bytes.len() as u64)).expect(reason);
    }
    archive.finish().expect(reason)
}

/// Reads every file of an archive.
///
/// # Errors
/// [`LabError::Content`] if the bytes are no whole archive, if a checksum is wrong, if a name is not a plain
/// path or comes twice, or if it would unpack to more than [`MAX_UNPACKED_BYTES`].
pub fn read(bytes: &[u8]) -> Result<Files> {
    read_within(bytes, MAX_UNPACKED_BYTES)
}

fn read_within(bytes: &[u8], max_unpacked_bytes: usize) -> Result<Files> {
    let archive = ZipArchive::from_slice(bytes).map_err(|e| wrong(format!("not a whole zip file: {e}")))?;
    let n_files = archive.entries_hint();
    if n_files > MAX_FILES as u64 {
        return Err(wrong(format!("it claims {n_files} files; allowed are {MAX_FILES}")));
    }
    let mut files = Files::new();
    let mut room = max_unpacked_bytes;
    for entry in archive.entries() {
        let entry = entry.map_err(|e| wrong(format!("its list of files is damaged: {e}")))?;
        if entry.is_dir() {
            continue;
        }
        let (name, unpacked) = unpack(&archive, &entry, room)?;
        room -= unpacked.len();
        if files.len() == MAX_FILES {
            return Err(wrong(format!("it holds more than {MAX_FILES} files")));
        }
        if files.insert(name.clone(), unpacked).is_some() {
            return Err(wrong(format!("it holds {name} twice")));
        }
    }
    Ok(files)
}

fn unpack(
    archive: &ZipSliceArchive<&[u8]>,
    entry: &ZipFileHeaderRecord<'_>,
    room: usize,
) -> Result<(String, Vec<u8>)> {
    let path = entry.file_path();
    let name = path.try_normalize().map_err(|e| wrong(format!("a file's name is not a plain path: {e}")))?;
    let name = name.as_ref().to_owned();
    let damaged = |reason: String| wrong(format!("{name}: {reason}"));

    let size = usize::try_from(entry.uncompressed_size_hint()).unwrap_or(usize::MAX);
    if size > room {
        return Err(damaged(format!("it would unpack to {size} bytes, more than are allowed in all")));
    }
    let is_text = name.ends_with(".csv") || name.ends_with(".json");
    if is_text && size > MAX_TEXT_BYTES {
        return Err(damaged(format!("it would unpack to {size} bytes; a table may have {MAX_TEXT_BYTES}")));
    }
    let data = archive.get_entry(entry.wayfinder()).map_err(|e| damaged(e.to_string()))?.data();
    let unpacked = match entry.compression_method() {
        CompressionMethod::STORE => data.to_vec(),
        CompressionMethod::DEFLATE => decompress_to_vec_with_limit(data, size)
            .map_err(|e| damaged(format!("its packed bytes are damaged ({:?})", e.status)))?,
        other => return Err(damaged(format!("packed by {other:?}; allowed are store and deflate"))),
    };
    if unpacked.len() != size {
        return Err(damaged(format!("{} bytes, but {size} were announced", unpacked.len())));
    }
    // A fuzzer would hardly get past it.
    if !cfg!(fuzzing) && rawzip::crc32(&unpacked) != entry.crc32() {
        return Err(damaged("its checksum is wrong: the file was damaged".into()));
    }
    Ok((name, unpacked))
}

fn wrong(reason: String) -> LabError {
    LabError::content("archive", reason)
}

#[cfg(test)]
mod tests {
    use super::{Files, MAX_FILES, Packing, read, read_within, write};

    fn files() -> Files {
        let text: Vec<u8> = (0..2000).flat_map(|i| format!("{i},0.5\n").into_bytes()).collect();
        // Numbers that do not shrink.
        let noise: Vec<u8> =
            (0..5000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8 ^ (i >> 3) as u8).collect();
        Files::from([("a/text.csv".into(), text), ("a/b/noise".into(), noise), ("empty".into(), Vec::new())])
    }

    fn pack(files: &Files, packing: Packing) -> Vec<u8> {
        write(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())), packing)
    }

    #[test]
    fn files_come_back_and_text_shrinks() {
        let [plain, small] = [Packing::Plain, Packing::Small].map(|packing| pack(&files(), packing));
        assert_eq!(read(&plain), Ok(files()));
        assert_eq!(read(&small), Ok(files()));
        assert!(small.len() < plain.len() * 3 / 4, "{} of {} bytes", small.len(), plain.len());
        assert_eq!(small, pack(&files(), Packing::Small), "the same bytes each time");
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = pack(&files(), Packing::Small);
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).is_err(), "the first {end} of {} bytes", bytes.len());
        }
    }

    #[test]
    fn a_flipped_bit_never_changes_a_files_bytes_unseen() {
        let whole = files();
        for packing in [Packing::Plain, Packing::Small] {
            let bytes = pack(&whole, packing);
            for at in 0..bytes.len() {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << (at % 8);
                // Some bytes of the format mean nothing here, such as a date; and a name that changes is
                // found where names are read.
                if let Ok(read) = read(&damaged) {
                    let contents = |files: &Files| files.values().cloned().collect::<Vec<_>>();
                    let (mut read, mut whole) = (contents(&read), contents(&whole));
                    read.sort();
                    whole.sort();
                    // An entry may be taken for a folder by its flags, never for other bytes.
                    assert!(read.iter().all(|bytes| whole.contains(bytes)), "byte {at} in {packing:?}");
                }
            }
        }
    }

    #[test]
    fn bombs_escapes_and_doubles_are_refused() {
        let message = |bytes: &[u8]| read(bytes).expect_err("it is hostile").to_string();
        let zeros = vec![0; 1 << 20];
        let bomb = write([("a", zeros.as_slice()), ("b", zeros.as_slice())], Packing::Small);
        assert!(bomb.len() < 20_000, "it looks harmless");
        assert!(read(&bomb).is_ok(), "and is, as long as there is room");
        let refused = read_within(&bomb, 3 << 19).expect_err("no room for both").to_string();
        assert!(refused.contains("b: it would unpack to 1048576 bytes"), "{refused}");

        let long = vec![b'1'; super::MAX_TEXT_BYTES + 1];
        let refused = message(&write([("metrics.csv", long.as_slice())], Packing::Plain));
        assert!(
            refused.contains("metrics.csv: it would unpack to 134217729 bytes; a table may have"),
            "{refused}"
        );

        let twice = write([("a", &b"1"[..]), ("a", &b"2"[..])], Packing::Plain);
        assert!(message(&twice).contains("a twice"), "{}", message(&twice));

        let names: Vec<String> = (0..=MAX_FILES).map(|i| i.to_string()).collect();
        let many = write(names.iter().map(|name| (name.as_str(), &b""[..])), Packing::Plain);
        assert!(message(&many).contains("files; allowed"), "{}", message(&many));

        // A name that would lead out of its folder loses the way out.
        let mut escape = write([("xx/../evil", &b"1"[..])], Packing::Plain);
        for at in 0..escape.len() - 2 {
            if &escape[at..at + 2] == b"xx" {
                escape[at..at + 2].copy_from_slice(b"..");
            }
        }
        if let Ok(files) = read(&escape) {
            assert!(files.keys().all(|name| !name.contains("..")), "{:?}", files.keys());
        }
    }

    #[test]
    fn other_bytes_are_no_archive() {
        for bytes in [&b""[..], b"PK", b"PK\x03\x04", b"hello", &[0xff; 100_000]] {
            assert!(read(bytes).unwrap_err().to_string().starts_with("archive: "));
        }
    }
}
