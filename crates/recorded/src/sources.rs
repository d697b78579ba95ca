//! Where a recording is: a file, a folder, an archive, a stream; packed or not.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use model::{SourceError, SourceErrorKind};

use crate::Recording;
use crate::assemble::assemble;
use crate::bounded::{Bounded, FILES, Xz};
use crate::gather::Gathered;

/// What is looked at to know what a file is.
const PEEK: usize = 64 << 10;
/// Folders in folders.
const DEEPEST: usize = 16;

const HINT: &str = "--from takes docker ovs snapshot or capture, a conf.db, a report of sos, and \
    outputs of commands, alone or in a folder";

pub(crate) fn read(path: &Path, what: &str, at: Option<u64>) -> Result<Recording, SourceError> {
    let failed = |error: &io::Error| unreadable(what, error);
    let found = fs::metadata(path).map_err(|error| failed(&error))?;
    if found.is_dir() {
        let mut gathered = Gathered::new(at);
        folder(path, &mut gathered).map_err(|error| failed(&error))?;
        return finish(gathered, what);
    }
    let file = File::open(path).map_err(|error| failed(&error))?;
    let called = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    read_named(file, &called, what, at)
}

pub(crate) fn read_stream(
    from: impl Read,
    what: &str,
    at: Option<u64>,
) -> Result<Recording, SourceError> {
    read_named(from, "", what, at)
}

pub(crate) fn read_named(
    from: impl Read,
    called: &str,
    what: &str,
    at: Option<u64>,
) -> Result<Recording, SourceError> {
    let mut gathered = Gathered::new(at);
    stream(from, called, &mut gathered).map_err(|error| unreadable(what, &error))?;
    finish(gathered, what)
}

/// Any bytes, as a recording: for fuzzing. What is not understood is an error.
///
/// # Errors
/// As [`crate::read_stream`].
pub fn parse_any(bytes: &[u8]) -> Result<Recording, SourceError> {
    read_stream(bytes, "these bytes", None)
}

/// So many remarks are told of a recording.
const REMARKS: usize = 20;

fn finish(mut gathered: Gathered, what: &str) -> Result<Recording, SourceError> {
    if let Some(more) = gathered.remarks.len().checked_sub(REMARKS).filter(|more| *more > 0) {
        gathered.remarks.truncate(REMARKS);
        gathered.remarks.push(format!("and so of {more} more"));
    }
    gathered.remarks.extend(gathered.left_unread());
    if gathered.reports.len() > 1 {
        let all: Vec<_> = gathered.reports.iter().take(REPORTS).map(|path| shown(path)).collect();
        let why = format!("it has several reports of sos: {}", all.join(", "));
        let hint = "each is of another host or moment: --from takes one of them";
        return Err(SourceError::new(SourceErrorKind::Unusable, what, why).hint(hint));
    }
    let mut remarks = gathered.remarks.clone();
    let nothing = match gathered.at {
        None => "nothing in it is known",
        Some(_) => "nothing in it tells its past, as a conf.db does: leave out --at",
    };
    assemble(gathered).ok_or_else(|| {
        let why = remarks.pop().unwrap_or_else(|| nothing.to_owned());
        SourceError::new(SourceErrorKind::Garbled, what, why).hint(HINT)
    })
}

/// So many of several reports are named.
const REPORTS: usize = 4;

/// The folder of a report; where it is the recording itself, that.
fn shown(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

fn unreadable(what: &str, error: &io::Error) -> SourceError {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => SourceErrorKind::Unreachable,
        io::ErrorKind::PermissionDenied => SourceErrorKind::Denied,
        _ => SourceErrorKind::Garbled,
    };
    SourceError::new(kind, what, error)
}

/// Every regular file in a folder, in the order of their names. What cannot be read is told, and no
/// reason to give up; links are not followed, as they may lead to this machine's own files.
fn folder(root: &Path, gathered: &mut Gathered) -> io::Result<()> {
    let mut files = Vec::new();
    list(root, 0, &mut files)?;
    files.sort();
    for path in files {
        let called = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        if !Gathered::wants(&called) {
            continue;
        }
        let taken = File::open(&path).and_then(|file| one(file, &called, gathered));
        if let Err(error) = taken {
            gathered.remarks.push(format!("{called}: {error}"));
        }
    }
    Ok(())
}

fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < DEEPEST {
            // A folder that may not be read has nothing to tell.
            let _ = list(&entry.path(), depth + 1, files);
        } else if kind.is_file() {
            files.push(entry.path());
        }
        if files.len() > FILES {
            let why = format!("it has more than {FILES} files");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
    }
    Ok(())
}

/// A file by itself: packed or not, an archive or not.
fn stream(from: impl Read, called: &str, gathered: &mut Gathered) -> io::Result<()> {
    let mut from = BufReader::with_capacity(PEEK, from);
    let begins = peek(&mut from)?;
    if begins.starts_with(&GZIP) {
        return unpacked(MultiGzDecoder::new(from), called, gathered);
    }
    if begins.starts_with(&XZ) {
        return unpacked(Xz::new(from), called, gathered);
    }
    unpacked(from, called, gathered)
}

fn unpacked(from: impl Read, called: &str, gathered: &mut Gathered) -> io::Result<()> {
    let mut from = BufReader::with_capacity(PEEK, Bounded::new(from));
    let begins = peek(&mut from)?;
    if is_archive(&begins) {
        return archive(from, gathered);
    }
    gathered.take(called, &mut from)
}

/// What comes first, at least a head of an archive if there is as much.
fn peek(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    Ok(from.fill_buf()?.to_vec())
}

fn archive(from: impl Read, gathered: &mut Gathered) -> io::Result<()> {
    let mut archive = tar::Archive::new(from);
    for (count, entry) in archive.entries()?.enumerate() {
        let entry = match entry {
            Ok(entry) => entry,
            // What was read before it counts.
            Err(error) => {
                gathered.remarks.push(format!("the archive ends early: {error}"));
                return Ok(());
            }
        };
        if count >= FILES {
            let why = format!("it has more than {FILES} files");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let called = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if Gathered::wants(&called)
            && let Err(error) = one(entry, &called, gathered)
        {
            gathered.remarks.push(format!("{called}: {error}"));
        }
    }
    Ok(())
}

/// A file of several. An archive among them is of another host, as those of `sos collect` are: what is in
/// it is not taken for this one's.
fn one(from: impl Read, called: &str, gathered: &mut Gathered) -> io::Result<()> {
    let mut from = BufReader::with_capacity(PEEK, from);
    let begins = peek(&mut from)?;
    if is_packed(&begins) || is_archive(&begins) {
        let why = "it is packed itself, and was not read: --from takes it by itself";
        gathered.remarks.push(format!("{called}: {why}"));
        return Ok(());
    }
    gathered.take(called, &mut from)
}

const GZIP: [u8; 2] = [0x1f, 0x8b];
const XZ: [u8; 6] = [0xfd, b'7', b'z', b'X', b'Z', 0];

fn is_packed(begins: &[u8]) -> bool {
    begins.starts_with(&GZIP) || begins.starts_with(&XZ)
}

/// The magic of POSIX and GNU archives (tar(5)).
fn is_archive(begins: &[u8]) -> bool {
    begins.get(257..262) == Some(b"ustar")
}
