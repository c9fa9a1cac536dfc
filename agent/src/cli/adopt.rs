//! `argosy adopt`: the manifest of a drive that was encrypted and filled by hand.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use shared::api::FreeSpace;
use shared::blob_name::{Destination, SessionId};

use super::bar::Bar;
use super::key::KeyArguments;
use super::opened::{open_reader, open_volume};
use super::screen::{Ended, Screen};
use super::signals::on_stop;
use super::size::{show_files, show_size};
use super::source::parse_drive;
use crate::device::DriveInfo;
use crate::drives::Drives;
use crate::in_place::{Adopted, Adoption, Described, Hindrance, adopt};
use crate::jobs::{JobError, Kind, free_for, identity_of};
use crate::pipeline::{Cancel, reading_ahead};
use crate::shelf::Shelves;

/// Makes journal and manifest of a drive that was encrypted and filled by hand: reads it, and never
/// writes to it
#[derive(Args)]
pub(super) struct Arguments {
    /// Names this run: 3 to 30 of letters, digits, `_`, `-` and `#`
    #[arg(long)]
    pub(super) session: String,
    /// Where journal and manifest go: name a second folder and each gets a copy
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    pub(super) journal_dir: Vec<PathBuf>,
    /// The drive: a block device or an image file, and its label's serial where the hardware's cannot be
    /// read
    #[arg(long, value_name = "PATH[=SERIAL]")]
    pub(super) drive: String,
    #[command(flatten)]
    pub(super) key: KeyArguments,
    /// Where the drive's root arrives: `CONTAINER/` or `CONTAINER/PREFIX/`
    #[arg(long, value_name = "CONTAINER/PREFIX/")]
    pub(super) to: String,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(
    arguments: &Arguments,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let session: SessionId = parsed(&arguments.session)?;
    let destination: Destination = parsed(&arguments.to)?;
    let credential = arguments.key.required(screen)?;
    let target = parse_drive(&arguments.drive, FreeSpace::Keep);
    let info = looked_at(drives, &target.path, target.serial.as_deref())?;
    free_for(&arguments.journal_dir, session.as_str(), &info.serial)?;
    let adoption = Adoption {
        session,
        destination,
        identity: identity_of(&info),
        shelves: Shelves::of_folders(&arguments.journal_dir),
    };
    let reader = open_reader(drives, &target.path, true)?;
    let cancel = Cancel::default();
    let stop = cancel.clone();
    on_stop(move || stop.cancel());
    let mut bar = Bar::new(screen);
    let adopted = reading_ahead(&reader, |disk| {
        let opened = open_volume(disk, &credential, &target.path)?;
        adopt(&opened, &adoption, &cancel, &mut |bytes| {
            bar.tell("hashed", bytes, info.bytes);
        })
    });
    bar.end();
    Ok(match adopted? {
        Adopted::Hindered(hindrances) => hindered(&hindrances, screen),
        Adopted::Done(done) => told(&done, &target.path, &info.serial, screen),
    })
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, JobError> {
    text.parse()
        .map_err(|error: T::Err| JobError::usage(error.to_string(), text))
}

/// Looks at the drive; one that is mounted may change while it is read.
fn looked_at(drives: &Drives, path: &Path, serial: Option<&str>) -> Result<DriveInfo, JobError> {
    let place = path.display().to_string();
    let info = drives
        .describe(path, serial)
        .map_err(|error| JobError::io(error.to_string(), place.as_str(), "Nothing was written."))?;
    if let Some(mount) = info.mounts.first() {
        let what = format!("it is mounted on {}, and may change", mount.display());
        return Err(JobError::refused(what, place, "Unmount it first."));
    }
    if info.serial.is_empty() {
        return Err(JobError::refused(
            "the drive's serial cannot be read",
            place,
            "Give the one on its label: --drive PATH=SERIAL.",
        ));
    }
    Ok(info)
}

fn hindered(hindrances: &[Hindrance], screen: &Screen) -> Ended {
    for Hindrance { path, why } in hindrances {
        screen.aside(&format!("argosy: {path}: {why}"));
    }
    screen.line(
        "Nothing was written: rename or remove these on the drive, and start again. A file that the \
         manifest does not name would make the drive one that nobody can prove.",
    );
    let named: Vec<_> = hindrances
        .iter()
        .map(|found| json!({"path": found.path, "why": found.why}))
        .collect();
    screen.object(&json!({"verdict": "hindered", "hindrances": named}));
    Ended(Some(Kind::Incomplete))
}

fn told(done: &Described, drive: &Path, serial: &str, screen: &Screen) -> Ended {
    let Described {
        manifest,
        manifest_bytes,
        journal,
        files,
        bytes,
        notes,
    } = done;
    let (manifest_at, journal_at) = (manifest.display(), journal.display());
    screen.line(&format!(
        "{serial}: {}, {} hashed where they lie; the drive was only read.",
        show_files(*files),
        show_size(*bytes)
    ));
    for note in notes {
        screen.aside(&format!("argosy: {note}"));
    }
    let verify = format!(
        "argosy verify --drive {} --journal {journal_at}",
        drive.display()
    );
    for line in [
        "The drive is not ready yet. Three steps are left:".to_owned(),
        format!(
            "  1. Copy {manifest_at} ({}) into the root of the drive's volume, under the name DriveManifest.xml \
             (in place of one that is there). In Windows: copy \"{}\" X:\\DriveManifest.xml",
            show_size(*manifest_bytes),
            manifest
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default()
        ),
        "  2. Change nothing else on it, and eject it.".to_owned(),
        format!("  3. Prove it: {verify}"),
    ] {
        screen.line(&line);
    }
    screen.object(&json!({
        "verdict": "written",
        "serial": serial,
        "files": files,
        "bytes": bytes,
        "manifest": manifest,
        "manifest_bytes": manifest_bytes,
        "journal": journal,
        "copy_to": "\\DriveManifest.xml",
        "verify": verify,
        "notes": notes,
    }));
    Ended(None)
}
