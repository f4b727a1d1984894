//! Reading and writing whole files: bounded, and so that a file is either not there or whole.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::disk_faults;
use crate::error::{LabError, Result};

/// The most bytes of a file that are read: the largest ones a run leaves are the metrics of
/// [`MAX_EPOCHS`](crate::config::MAX_EPOCHS) steps (10,000,001 rows of at most 100 bytes) and the weights of the
/// largest model in 32-bit floats (813 MB). What is read takes up to four times as much memory.
pub(super) const MAX_INPUT_BYTES: u64 = 1 << 30;

/// The most bytes of `config.json` that are read. One is below 1 kB.
pub(super) const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// [`LabError::File`] if the system refuses, if it is no regular file (a pipe may never end) or larger.
pub(super) fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let failed = |reason: String| LabError::file("read", path, reason);
    let too_large = |n: u64| failed(format!("{n} bytes; allowed are {limit}"));
    let checked = |metadata: std::io::Result<fs::Metadata>| {
        let metadata = metadata.map_err(|e| failed(e.to_string()))?;
        match metadata.len() {
            _ if !metadata.is_file() => Err(failed("it is not a regular file".to_owned())),
            len if len > limit => Err(too_large(len)),
            len => Ok(len),
        }
    };
    // Before it is opened, which waits for the other end of a pipe.
    checked(fs::metadata(path))?;
    let file = File::open(path).map_err(|e| failed(e.to_string()))?;
    let len = checked(file.metadata())?;
    let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
    // It may grow while it is read.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|e| failed(e.to_string()))?;
    match bytes.len() as u64 {
        len if len > limit => Err(too_large(len)),
        _ => Ok(bytes),
    }
}

/// Writes a whole file, or leaves what was there. When it returns, the file outlasts a loss of power.
///
/// # Errors
/// [`LabError::File`] if the system refuses.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let part = write_synced_part(path, bytes)?;
    rename(&part, path)
}

/// Writes a whole file, or leaves what was there, when the program is killed on the way. Only after [`sync_files`] does
/// the file outlast a loss of power.
///
/// # Errors
/// [`LabError::File`] if the system refuses.
pub(super) fn write_unsynced(path: &Path, bytes: &[u8]) -> Result<()> {
    let (part, _) = write_part(path, bytes)?;
    let renamed = disk_faults::before_change().and_then(|()| fs::rename(&part, path));
    renamed.map_err(|e| LabError::file("write", path, e))
}

/// Returns when files, all of one folder, are on the disk under their names.
///
/// # Errors
/// [`LabError::File`] if the system refuses.
pub(super) fn sync_files(paths: &[PathBuf]) -> Result<()> {
    for path in paths {
        let synced = disk_faults::before_change().and_then(|()| File::open(path)?.sync_all());
        synced.map_err(|e| LabError::file("write", path, e))?;
    }
    match paths.last() {
        Some(path) => sync_folder_of(path).map_err(|e| LabError::file("write", path, e)),
        None => Ok(()),
    }
}

/// Writes a whole file as [`write_whole`] does, and keeps the one that was there under another name in the same
/// folder. A crash in between leaves the old one there.
///
/// # Errors
/// [`LabError::File`] if the system refuses.
pub(super) fn write_whole_keeping(path: &Path, previous: &Path, bytes: &[u8]) -> Result<()> {
    let part = write_synced_part(path, bytes)?;
    if is_there(path) {
        disk_faults::before_change()
            .and_then(|()| fs::rename(path, previous))
            .map_err(|e| LabError::file("rename", path, e))?;
    }
    rename(&part, path)
}

/// Writes a value as indented JSON, as [`write_whole`] does.
///
/// # Errors
/// [`LabError::File`] if the system refuses.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    write_whole(path, &json_bytes(path, value)?)
}

/// A value as indented JSON.
///
/// # Errors
/// [`LabError::File`] if it has no such form.
pub(super) fn json_bytes(path: &Path, value: &impl Serialize) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|e| LabError::file("write", path, e))?;
    text.push(b'\n');
    Ok(text)
}

/// Renames a file, in place of one that is there, and returns when the folder says so on the disk.
///
/// # Errors
/// [`LabError::File`] if the system refuses.
pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    let renamed = disk_faults::before_change().and_then(|()| fs::rename(from, to));
    renamed.and_then(|()| sync_folder_of(to)).map_err(|e| LabError::file("write", to, e))
}

/// Removes a file if it is there.
///
/// # Errors
/// [`LabError::File`] if the system refuses.
pub(super) fn remove_if_there(path: &Path) -> Result<()> {
    match disk_faults::before_change().and_then(|()| fs::remove_file(path)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(LabError::file("remove", path, error)),
        _ => Ok(()),
    }
}

/// Whether a path leads to anything, be it a link that leads nowhere.
pub(super) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Names of what a folder holds.
pub(super) fn names_in(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).map_err(|error| LabError::file("read", folder, error))?;
    Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

/// Where a file is written before it gets its name.
pub(super) fn part_path(path: &Path) -> PathBuf {
    let mut part: OsString = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

/// Writes the bytes beside the place of a file, in a file that is made anew: what a crash left there, or a link
/// that somebody put there, is removed and not followed.
fn write_part(path: &Path, bytes: &[u8]) -> Result<(PathBuf, File)> {
    let part = part_path(path);
    remove_if_there(&part)?;
    let write = || -> std::io::Result<File> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&part)?;
        let (arriving, ended) = disk_faults::before_write(bytes);
        file.write_all(arriving)?;
        ended.map(|()| file)
    };
    let file = write().map_err(|e| LabError::file("write", path, e))?;
    Ok((part, file))
}

/// The same, and returns when the bytes are on the disk.
fn write_synced_part(path: &Path, bytes: &[u8]) -> Result<PathBuf> {
    let (part, file) = write_part(path, bytes)?;
    let synced = disk_faults::before_change().and_then(|()| file.sync_all());
    synced.map_err(|e| LabError::file("write", path, e))?;
    Ok(part)
}

/// A file's new name is lost with the power unless its folder is on the disk, too.
#[cfg(unix)]
fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(folder)?.sync_all() {
        // Some file systems, and folders shared over a network, cannot.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

/// Elsewhere a folder cannot be opened as a file; the system writes its own records.
#[cfg(not(unix))]
fn sync_folder_of(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;

    use temp_dir::TempDir;

    use super::{MAX_INPUT_BYTES, part_path, read_bytes, write_whole, write_whole_keeping};

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let dir = TempDir::new().unwrap();
        let path = dir.child("file");
        fs::write(&path, b"1234").unwrap();
        assert_eq!(read_bytes(&path, 4).unwrap(), b"1234");
        let error = read_bytes(&path, 3).unwrap_err().to_string();
        assert!(error.contains("4 bytes; allowed are 3"), "{error}");
        // Takes no room on the disk, and would take as much memory as it says.
        File::create(&path).unwrap().set_len(8 << 30).unwrap();
        let error = read_bytes(&path, MAX_INPUT_BYTES).unwrap_err().to_string();
        assert!(error.contains("8589934592 bytes"), "{error}");
        let error = read_bytes(dir.path(), MAX_INPUT_BYTES).unwrap_err().to_string();
        assert!(error.contains("not a regular file"), "{error}");
        let error = read_bytes(&dir.child("gone"), MAX_INPUT_BYTES).unwrap_err().to_string();
        assert!(error.contains("cannot read") && error.contains("gone"), "{error}");
    }

    #[test]
    fn the_file_before_is_kept_under_its_other_name() {
        let dir = TempDir::new().unwrap();
        let (path, previous) = (dir.child("state"), dir.child("previous"));
        for (i, before) in [None, Some("0"), Some("1")].into_iter().enumerate() {
            write_whole_keeping(&path, &previous, i.to_string().as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), i.to_string());
            assert_eq!(fs::read_to_string(&previous).ok().as_deref(), before, "before {i}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_a_part_is_not_followed() {
        let dir = TempDir::new().unwrap();
        let (path, other) = (dir.child("report.json"), dir.child("other"));
        fs::write(&other, "mine").unwrap();
        std::os::unix::fs::symlink(&other, part_path(&path)).unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "mine", "the file that the link led to");
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert!(fs::symlink_metadata(&path).unwrap().is_file(), "a file of its own");
        assert!(!part_path(Path::new(&path)).exists(), "no part is left");
    }
}
