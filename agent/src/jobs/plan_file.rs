//! `<session>.plan`: everything that a job decided, frozen before the first byte goes to a drive.
//!
//! One JSON value a line: a head, then every entry in writing order, then how many there were. A
//! resume reads this and never lists the sources again; `prepare --plan` begins from one that
//! `argosy plan --out` wrote.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ntfs_image::FileTime;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::api::UnreadableCounts;
use shared::job::{DriveIdentity, FreeSpace, LeftOut, LeftOutReason, Moment};
use shared::plan::export::ExportBlob;
use shared::plan::{Kind, Listing, Mapping, Plan};

use super::gather::Gathered;
use super::gather_rows::Attached;
use super::kept_volume::HeadKept;
use super::share::ShareOf;
use crate::device::Edges;
use crate::job_error::JobError;
use crate::journal_file::{AppendError, AppendFile};
use crate::pipeline::SurfaceCheck;
use crate::shelf::Shelves;

/// Version of the format; a golden file of every released one stays readable.
const VERSION: u32 = 1;
/// Entries are handed to the file in pieces of about this many bytes.
const PIECE_BYTES: usize = 1 << 20;
/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head {
    /// Says what the file is, and in which version of the format.
    #[serde(rename = "argosy-plan")]
    pub version: u32,
    /// The program and its version.
    pub tool: String,
    /// The one start time.
    pub started: Moment,
    /// How entries are called on the drive and in Blob storage.
    pub mapping: Mapping,
    /// Source folders, in the order of the mapping's targets; empty for a listing of what is not
    /// here.
    pub roots: Vec<PathBuf>,
    /// Metadata and properties files of the targets, base64.
    pub attached: Vec<(Option<String>, Option<String>)>,
    /// What was seen and cannot go.
    pub skipped: Vec<LeftOut>,
    /// Source and destination in words.
    pub words: (String, String),
    /// `xts-aes-128` and the like.
    pub cipher: String,
    /// Whether drives are read back.
    pub verify: bool,
    /// How drives are checked before they are filled.
    #[serde(default)]
    pub check: SurfaceCheck,
    /// Whether a key file or a passphrase opens the drives too: those are not in the plan.
    #[serde(default)]
    pub other_protectors: bool,
    /// Drives written at the same time; none is all.
    #[serde(default)]
    pub parallel: Option<usize>,
    /// Which drives of a larger plan these are; none for a plan of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<ShareOf>,
    /// What the plan left out, each with its length: the first drive's journal counts it.
    #[serde(default)]
    pub left_out: Vec<(LeftOut, u64)>,
    /// The drives.
    pub drives: Vec<HeadDrive>,
}

/// One drive of a plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeadDrive {
    /// What it is recognised by.
    pub identity: DriveIdentity,
    /// Where it was.
    pub path: PathBuf,
    /// What becomes of its free space.
    pub free_space: FreeSpace,
    /// Sealed BitLocker information area, base64; empty while nothing was sealed.
    pub sealed: String,
    /// Its first and last MiB when it was confirmed.
    #[serde(default)]
    pub edges: Edges,
    /// Clusters of its volume less the headroom left for Windows, in bytes.
    #[serde(default)]
    pub capacity_bytes: u64,
    /// Clusters taken, in bytes.
    #[serde(default)]
    pub used_bytes: u64,
    /// The volume on it whose keys stay; `None` for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<HeadKept>,
}

impl HeadDrive {
    /// Returns a drive that nobody confirmed yet.
    #[must_use]
    pub fn unsealed(identity: DriveIdentity, path: PathBuf, free_space: FreeSpace) -> Self {
        Self {
            identity,
            path,
            free_space,
            sealed: String::new(),
            edges: Edges::default(),
            capacity_bytes: 0,
            used_bytes: 0,
            kept: None,
        }
    }
}

/// One entry: path, bytes, last change, whether it is a folder, its drive.
type Line = (String, u64, u64, bool, Place);

/// The same for an entry that is a blob of a store, and what else is known of that.
type BlobLine = (String, u64, u64, bool, Place, ExportBlob);

/// The drives that take an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Place {
    /// The number of the one, or -1 for none.
    One(i64),
    /// Several: a folder whose files are on more than one.
    Many(Vec<i64>),
}

impl Place {
    const NOWHERE: Self = Self::One(-1);

    fn add(&mut self, drive: i64) {
        match self {
            Self::One(-1) => *self = Self::One(drive),
            Self::One(first) => *self = Self::Many(vec![*first, drive]),
            Self::Many(drives) => drives.push(drive),
        }
    }

    fn drives(&self) -> &[i64] {
        match self {
            Self::One(drive) => std::slice::from_ref(drive),
            Self::Many(drives) => drives,
        }
    }
}

/// A plan, read back.
#[derive(Debug)]
pub struct PlanFile {
    /// Its first line, but for what is in `gathered`.
    pub head: Head,
    /// What travels.
    pub gathered: Gathered,
    /// The entries of each drive of the head, ascending.
    pub entries: Vec<Vec<u32>>,
    /// SHA-256 of the file.
    pub hash: [u8; 32],
    /// The file's name.
    pub name: String,
}

/// The last line.
#[derive(Serialize, Deserialize)]
struct Foot {
    entries: u32,
}

/// Writes a plan onto each of `shelves`, durable when it returns, and returns its SHA-256.
///
/// # Errors
/// [`AppendError`] also when one of them has a file of that name.
pub fn write(
    shelves: &Shelves,
    name: &str,
    head: &Head,
    listing: &Listing,
    plan: &Plan,
) -> Result<[u8; 32], AppendError> {
    let mut places = vec![Place::NOWHERE; usize::try_from(listing.len()).unwrap_or(0)];
    for (number, drive) in (0_i64..).zip(&plan.drives) {
        for entry in &drive.entries {
            if let Some(place) = usize::try_from(*entry)
                .ok()
                .and_then(|entry| places.get_mut(entry))
            {
                place.add(number);
            }
        }
    }
    let mut out = Out {
        file: AppendFile::create(shelves, name)?,
        sum: Sha256::new(),
        piece: Vec::new(),
    };
    out.line(head)?;
    let export = head.mapping.export.as_ref();
    for ((number, entry), place) in listing.iter().zip(places) {
        if let Some(blob) = export.and_then(|export| export.blob(number)) {
            let (bytes, modified) = (entry.bytes, entry.modified.0);
            out.line(&(entry.path, bytes, modified, entry.is_folder, place, blob))?;
            continue;
        }
        out.line(&(
            entry.path,
            entry.bytes,
            entry.modified.0,
            entry.is_folder,
            place,
        ))?;
    }
    out.line(&Foot {
        entries: listing.len(),
    })?;
    out.finish()
}

/// Reads a plan for another job of `session` to begin from.
///
/// # Errors
/// [`JobError`] when it is none, of another version, cut off, of another session, of files that are not
/// here, or what a run froze for itself.
pub fn read_for(path: &Path, session: &str) -> Result<PlanFile, JobError> {
    let place = path.display().to_string();
    let plan = read(path)?;
    if plan.head.share.is_some() {
        return Err(JobError::usage(
            "this is what a run froze for the drives that it had; name the plan that `argosy plan` wrote",
            place,
        ));
    }
    let own = plan.gathered.mapping.session.as_str();
    if own != session {
        return Err(JobError::usage(
            format!("the plan is of session {own}, not of {session}"),
            place,
        ));
    }
    if plan.gathered.mapping.export.is_some() {
        return Err(JobError::usage(
            "it is the plan of an export; argosy resume goes on with it",
            place,
        ));
    }
    if plan.gathered.roots.is_empty() {
        return Err(JobError::usage(
            "it was planned from a listing of files that are not here; use --source",
            place,
        ));
    }
    Ok(plan)
}

/// Reads a plan.
///
/// # Errors
/// [`JobError`] when it is none, of another version, or cut off.
pub fn read(path: &Path) -> Result<PlanFile, JobError> {
    let place = path.display().to_string();
    let file = std::fs::File::open(path)
        .map_err(|error| JobError::usage(format!("cannot read it: {error}"), place.as_str()))?;
    read_from(BufReader::with_capacity(PIECE_BYTES, file), &place)
}

/// Reads a plan from its bytes; `place` is what errors call them.
///
/// # Errors
/// [`JobError`] as [`read`].
pub fn read_from(file: impl BufRead, place: &str) -> Result<PlanFile, JobError> {
    let wrong = |what: String| JobError::usage(what, place);
    let mut lines = Lines {
        file,
        sum: Sha256::new(),
        number: 0,
        text: String::new(),
    };
    let mut head: Head = serde_json::from_str(lines.next().map_err(wrong)?)
        .map_err(|error| wrong(format!("line 1: no plan: {error}")))?;
    if head.version != VERSION {
        return Err(wrong(format!(
            "a plan of version {}; this program reads {VERSION}",
            head.version
        )));
    }
    let mut listing = Listing::new();
    let mut entries = vec![Vec::new(); head.drives.len()];
    let (is_export, mut blobs) = (head.mapping.export.is_some(), Vec::new());
    loop {
        let text = lines.next().map_err(wrong)?;
        if let Ok(foot) = serde_json::from_str::<Foot>(text) {
            if foot.entries != listing.len() {
                return Err(wrong(format!(
                    "it says {} entries and has {}",
                    foot.entries,
                    listing.len()
                )));
            }
            break;
        }
        let parsed = parse_line(text, is_export);
        let number = lines.number;
        let ((path, bytes, modified, is_folder, place), blob) =
            parsed.map_err(|error| wrong(format!("line {number}: {error}")))?;
        blobs.extend(blob);
        let kind = if is_folder { Kind::Folder } else { Kind::File };
        let pushed = listing.push(&path, bytes, FileTime(modified), kind);
        let entry = pushed.map_err(|error| wrong(format!("line {number}: {error}")))?;
        // A plan made for sizes alone numbers drives that its head does not name.
        if place == Place::NOWHERE || head.drives.is_empty() {
            continue;
        }
        for drive in place.drives() {
            let found = usize::try_from(*drive).ok();
            let found = found.and_then(|number| entries.get_mut(number));
            let entries = found.filter(|entries| entries.last() != Some(&entry));
            let entries = entries.ok_or_else(|| {
                wrong(format!(
                    "line {number}: there is no drive {drive}, or it is named twice"
                ))
            })?;
            entries.push(entry);
        }
    }
    if let Some(export) = &mut head.mapping.export {
        export.blobs = Arc::new(blobs);
    }
    let attached: Option<Vec<Attached>> = head.attached.iter().map(decoded).collect();
    let gathered = Gathered {
        listing,
        mapping: head.mapping.clone(),
        roots: head.roots.clone(),
        attached: attached
            .ok_or_else(|| wrong("line 1: an attached file is not base64".to_owned()))?,
        // Which are folders, and how long the files are, is not in the plan.
        unreadable: UnreadableCounts {
            files: count_unreadable(&head.skipped),
            ..UnreadableCounts::default()
        },
        skipped: std::mem::take(&mut head.skipped),
        unique_bytes: None,
        notes: Vec::new(),
        words: head.words.clone(),
        reach: None,
        sums: None,
    };
    let hash = lines.sum.finalize().into();
    Ok(PlanFile {
        head,
        gathered,
        entries,
        hash,
        name: Path::new(place)
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_owned(),
    })
}

/// Reads one entry, and the blob that it is.
fn parse_line(text: &str, is_export: bool) -> serde_json::Result<(Line, Option<ExportBlob>)> {
    if !is_export {
        return Ok((serde_json::from_str(text)?, None));
    }
    let (path, bytes, modified, is_folder, place, blob): BlobLine = serde_json::from_str(text)?;
    Ok(((path, bytes, modified, is_folder, place), Some(blob)))
}

/// The lines of a plan, hashed as they are read.
struct Lines<R> {
    file: R,
    sum: Sha256,
    number: u64,
    text: String,
}

impl<R: BufRead> Lines<R> {
    /// Returns the next whole line.
    fn next(&mut self) -> Result<&str, String> {
        self.number = self.number.saturating_add(1);
        let number = self.number;
        self.text.clear();
        let read = self.file.read_line(&mut self.text);
        read.map_err(|error| format!("line {number}: {error}"))?;
        self.sum.update(&self.text);
        self.text
            .strip_suffix('\n')
            .ok_or_else(|| format!("it ends before line {number}: it was cut off"))
    }
}

/// Returns attached files as the head holds them.
#[must_use]
pub fn encoded(attached: &Attached) -> (Option<String>, Option<String>) {
    let text = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| BASE64.encode(bytes));
    (text(&attached.metadata), text(&attached.properties))
}

fn decoded((metadata, properties): &(Option<String>, Option<String>)) -> Option<Attached> {
    let bytes = |text: &Option<String>| match text {
        Some(text) => BASE64.decode(text).ok().map(Some),
        None => Some(None),
    };
    Some(Attached {
        metadata: bytes(metadata)?,
        properties: bytes(properties)?,
    })
}

struct Out {
    file: AppendFile,
    sum: Sha256,
    piece: Vec<u8>,
}

impl Out {
    fn line(&mut self, value: &impl Serialize) -> Result<(), AppendError> {
        // Strings, numbers and sequences of them always have a JSON form.
        serde_json::to_writer(&mut self.piece, value)
            .expect("plain data has a JSON form, and memory takes it");
        self.piece.push(b'\n');
        if self.piece.len() >= PIECE_BYTES {
            self.put()
        } else {
            Ok(())
        }
    }

    fn put(&mut self) -> Result<(), AppendError> {
        self.sum.update(&self.piece);
        self.file.append(&self.piece)?;
        self.piece.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<[u8; 32], AppendError> {
        self.put()?;
        self.file.sync()?;
        Ok(self.sum.finalize().into())
    }
}

impl Head {
    /// Returns the head of a plan that nobody sealed yet.
    #[must_use]
    pub fn new(gathered: &Gathered, started: Moment, cipher: &str, verify: bool) -> Self {
        Self {
            version: VERSION,
            tool: crate::attempt::tool(),
            started,
            mapping: gathered.mapping.clone(),
            roots: gathered.roots.clone(),
            attached: gathered.attached.iter().map(encoded).collect(),
            skipped: gathered.skipped.clone(),
            words: gathered.words.clone(),
            cipher: cipher.to_owned(),
            verify,
            check: SurfaceCheck::default(),
            other_protectors: false,
            parallel: None,
            share: None,
            left_out: Vec::new(),
            drives: Vec::new(),
        }
    }
}

fn count_unreadable(skipped: &[LeftOut]) -> u64 {
    let unreadable = skipped
        .iter()
        .filter(|left_out| left_out.reason == LeftOutReason::Unreadable);
    u64::try_from(unreadable.count()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
