//! `argosy unlock`: the decrypted volume as an image.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use clap::Args;
use disk::ReadAt;
use serde_json::json;

use super::bar::Bar;
use super::holes::Holes;
use super::key::KeyArguments;
use super::opened::{open_reader, open_volume};
use super::screen::{Ended, Screen};
use super::size::show_size;
use crate::drives::Drives;
use crate::jobs::JobError;
use crate::pipeline::reading_ahead;

/// Bytes decrypted at once.
const STEP: u64 = 8 << 20;
/// Runs of zeros from this length on become holes.
const HOLE: usize = 65_536;

/// Writes the decrypted volume as an image file; holes stay holes
#[derive(Args)]
pub(super) struct Arguments {
    /// The drive: a block device, a disk image or an image of one volume
    #[arg(long, value_name = "PATH")]
    pub(super) drive: PathBuf,
    #[command(flatten)]
    key: KeyArguments,
    /// The image; an existing file is never replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(
    arguments: &Arguments,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let credential = arguments.key.required(screen)?;
    let reader = open_reader(drives, &arguments.drive, false)?;
    let bytes = reading_ahead(&reader, |disk| {
        let volume = open_volume(disk, &credential, &arguments.drive)?;
        let out = create(&arguments.out)?;
        let mut holes = Holes::of(&arguments.drive, volume.volume_at, &volume);
        let copied = copy(
            &volume,
            &out,
            &mut holes,
            &arguments.out,
            &mut Bar::new(screen),
        );
        if copied.is_err() {
            // Half an image looks like a whole one.
            drop(std::fs::remove_file(&arguments.out));
        }
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

fn copy<R: ReadAt>(
    volume: &dyn ReadAt,
    out: &File,
    holes: &mut Holes<R>,
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
