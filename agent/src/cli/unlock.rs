//! `argosy unlock`: the decrypted volume as an image.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use clap::Args;
use disk::ReadAt;
use rustix::fs::SeekFrom;
use serde_json::json;

use super::bar::Bar;
use super::key::KeyArguments;
use super::opened::{open_reader, open_volume};
use super::screen::{Ended, Screen};
use super::size::show_size;
use crate::jobs::JobError;
use crate::pipeline::ReadAhead;

/// Bytes decrypted at once.
const STEP: u64 = 8 << 20;
/// Sectors are never cut: holes are widened to this.
const PAGE: u64 = 4096;
/// Runs of zeros from this length on become holes.
const HOLE: usize = 65_536;

/// Writes the decrypted volume as an image file; holes stay holes
#[derive(Args)]
pub(super) struct Arguments {
    /// The drive: a block device, a disk image or an image of one volume
    #[arg(long, value_name = "PATH")]
    drive: PathBuf,
    #[command(flatten)]
    key: KeyArguments,
    /// The image; an existing file is never replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    let credential = arguments.key.required(screen)?;
    let reader = open_reader(&arguments.drive, false)?;
    let ahead = ReadAhead::new(&reader);
    let bytes = std::thread::scope(|scope| {
        ahead.start(scope);
        let copied = open_volume(&ahead, &credential, &arguments.drive).and_then(|volume| {
            let out = create(&arguments.out)?;
            let holes = Holes::of(&arguments.drive, volume.volume_at);
            let copied = copy(&volume, &out, &holes, &arguments.out, &mut Bar::new(screen));
            if copied.is_err() {
                // Half an image looks like a whole one.
                drop(std::fs::remove_file(&arguments.out));
            }
            copied
        });
        ahead.end();
        copied
    })?;
    screen.line(&format!(
        "{}: the decrypted volume, {}",
        arguments.out.display(),
        show_size(bytes)
    ));
    screen.object(
        &json!({"verdict": "unlocked", "out": arguments.out, "bytes": bytes, "findings": []}),
    );
    Ok(Ended::WELL)
}

fn create(path: &Path) -> Result<File, JobError> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    opened.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => JobError::refused(
            "there is a file of that name already",
            path.display().to_string(),
            "Choose another name.",
        ),
        _ => failed(path, &error),
    })
}

fn copy(
    volume: &dyn ReadAt,
    out: &File,
    holes: &Holes,
    path: &Path,
    bar: &mut Bar,
) -> Result<u64, JobError> {
    let total = volume.bytes();
    let mut buffer = Vec::new();
    let mut at = 0;
    while let Some((next, end)) = holes.next_data(at, total) {
        at = next;
        let bytes = STEP.min(end.saturating_sub(at));
        buffer.resize(usize::try_from(bytes).unwrap_or(0), 0);
        volume.read_at(at, &mut buffer).map_err(|error| {
            JobError::io(
                error.to_string(),
                path.display().to_string(),
                "The drive was only read.",
            )
        })?;
        let mut place = at;
        for piece in buffer.chunks(HOLE) {
            if piece.iter().any(|byte| *byte != 0) {
                out.write_all_at(piece, place)
                    .map_err(|error| failed(path, &error))?;
            }
            place = place.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        }
        at = at.saturating_add(bytes);
        bar.tell("unlocked", at, total);
    }
    bar.end();
    out.set_len(total)
        .and_then(|()| out.sync_all())
        .map_err(|error| failed(path, &error))?;
    Ok(total)
}

fn failed(path: &Path, error: &std::io::Error) -> JobError {
    JobError::io(
        format!("cannot write it: {error}"),
        path.display().to_string(),
        "The drive was only read.",
    )
}

/// Where an image file has no bytes at all: what was never written there decrypts to noise, and is left out.
struct Holes {
    file: Option<File>,
    /// Byte offset of the volume in the file.
    volume_at: u64,
}

impl Holes {
    fn of(path: &Path, volume_at: u64) -> Self {
        let file = File::open(path)
            .ok()
            .filter(|file| file.metadata().is_ok_and(|metadata| metadata.is_file()));
        Self { file, volume_at }
    }

    /// Returns where the next bytes are, from volume offset `at` on, widened to whole pages; `None` when only a hole is
    /// left before `total`.
    fn next_data(&self, at: u64, total: u64) -> Option<(u64, u64)> {
        let all = (at < total).then_some((at, total));
        let Some(file) = &self.file else { return all };
        let found = match rustix::fs::seek(file, SeekFrom::Data(at.saturating_add(self.volume_at))) {
            Ok(found) => found,
            Err(rustix::io::Errno::NXIO) => return None,
            // A file system that knows no holes.
            Err(_) => return all,
        };
        let end = rustix::fs::seek(file, SeekFrom::Hole(found)).unwrap_or(u64::MAX);
        let (found, end) = (found.saturating_sub(self.volume_at), end.saturating_sub(self.volume_at));
        let start = found.saturating_sub(found % PAGE).max(at);
        let end = end.checked_next_multiple_of(PAGE).unwrap_or(u64::MAX).min(total);
        (start < end).then_some((start, end))
    }
}
