//! `<session>.plan`: everything that a job decided, frozen before the first byte goes to a drive.
//!
//! One JSON value a line: a head, then every entry in writing order, then how many there were. A
//! resume reads this and never lists the sources again; `prepare --plan` begins from one that
//! `argosy plan --out` wrote.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ntfs_image::FileTime;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::job::{DriveIdentity, FreeSpace, LeftOut, Moment};
use shared::plan::{Kind, Listing, Mapping, Plan};

use super::error::JobError;
use super::gather::{Attached, Gathered};
use crate::journal_file::{AppendError, AppendFile};

/// Version of the format; a golden file of every released one stays readable.
const VERSION: u32 = 1;
/// Entries are handed to the file in pieces of about this many bytes.
const PIECE_BYTES: usize = 1 << 20;
/// An entry that no drive of the plan takes.
const NOWHERE: i64 = -1;

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
}

/// One entry: path, bytes, last change, whether it is a folder, number of its drive or -1.
type Line = (String, u64, u64, bool, i64);

/// The last line.
#[derive(Serialize, Deserialize)]
struct Foot {
    entries: u32,
}

/// Writes a plan into each of `folders`, durable when it returns, and returns its SHA-256.
///
/// # Errors
/// [`AppendError`] also when one of them has a file of that name.
pub fn write(
    folders: &[PathBuf],
    name: &str,
    head: &Head,
    listing: &Listing,
    plan: &Plan,
) -> Result<[u8; 32], AppendError> {
    let mut drive_of = vec![NOWHERE; usize::try_from(listing.len()).unwrap_or(0)];
    for (number, drive) in (0_i64..).zip(&plan.drives) {
        for entry in &drive.entries {
            if let Some(slot) = usize::try_from(*entry)
                .ok()
                .and_then(|entry| drive_of.get_mut(entry))
            {
                *slot = number;
            }
        }
    }
    let mut out = Out {
        file: AppendFile::create(folders, name)?,
        sum: Sha256::new(),
        piece: Vec::new(),
    };
    out.line(head)?;
    for ((_, entry), drive) in listing.iter().zip(drive_of) {
        out.line(&(
            entry.path,
            entry.bytes,
            entry.modified.0,
            entry.is_folder,
            drive,
        ))?;
    }
    out.line(&Foot {
        entries: listing.len(),
    })?;
    out.finish()
}

/// Reads a plan for another job to begin from.
///
/// # Errors
/// [`JobError`] when it is none, of another version, cut off, or of files that are not here.
pub fn gather(path: &Path) -> Result<Gathered, JobError> {
    let place = path.display().to_string();
    let wrong = |what: String| JobError::usage(what, place.as_str());
    let file =
        std::fs::File::open(path).map_err(|error| wrong(format!("cannot read it: {error}")))?;
    let mut lines = BufReader::new(file).lines();
    let mut line = |number: u64| match lines.next() {
        Some(Ok(text)) => Ok(text),
        Some(Err(error)) => Err(wrong(format!("line {number}: {error}"))),
        None => Err(wrong(format!(
            "it ends before line {number}: it was cut off"
        ))),
    };
    let head: Head = serde_json::from_str(&line(1)?)
        .map_err(|error| wrong(format!("line 1: no plan: {error}")))?;
    if head.version != VERSION {
        return Err(wrong(format!(
            "a plan of version {}; this program reads {VERSION}",
            head.version
        )));
    }
    if head.roots.is_empty() {
        return Err(wrong(
            "it was planned from a listing of files that are not here; use --source".to_owned(),
        ));
    }
    let mut listing = Listing::new();
    for number in 2_u64.. {
        let text = line(number)?;
        if let Ok(foot) = serde_json::from_str::<Foot>(&text) {
            if foot.entries != listing.len() {
                return Err(wrong(format!(
                    "it says {} entries and has {}",
                    foot.entries,
                    listing.len()
                )));
            }
            break;
        }
        let (path, bytes, modified, is_folder, _): Line = serde_json::from_str(&text)
            .map_err(|error| wrong(format!("line {number}: {error}")))?;
        let kind = if is_folder { Kind::Folder } else { Kind::File };
        let pushed = listing.push(&path, bytes, FileTime(modified), kind);
        pushed.map_err(|error| wrong(format!("line {number}: {error}")))?;
    }
    let attached: Option<Vec<Attached>> = head.attached.iter().map(decoded).collect();
    Ok(Gathered {
        listing,
        mapping: head.mapping,
        roots: head.roots,
        attached: attached
            .ok_or_else(|| wrong("line 1: an attached file is not base64".to_owned()))?,
        skipped: head.skipped,
        notes: Vec::new(),
        words: head.words,
    })
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
    pub fn new(
        gathered: &Gathered,
        started: Moment,
        cipher: &str,
        verify: bool,
        drives: Vec<HeadDrive>,
    ) -> Self {
        Self {
            version: VERSION,
            tool: super::tool(),
            started,
            mapping: gathered.mapping.clone(),
            roots: gathered.roots.clone(),
            attached: gathered.attached.iter().map(encoded).collect(),
            skipped: gathered.skipped.clone(),
            words: gathered.words.clone(),
            cipher: cipher.to_owned(),
            verify,
            drives,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered() -> Gathered {
        let mut listing = Listing::new();
        for (path, bytes, kind) in [
            ("a", 5, Kind::File),
            ("b \"\n\u{1f600}", 0, Kind::Folder),
            ("b \"\n\u{1f600}/c", 7, Kind::File),
        ] {
            listing.push(path, bytes, FileTime(131), kind).expect("few");
        }
        let session = "planned".parse().expect("a session");
        let destination = "film/reels/".parse().expect("a destination");
        Gathered {
            listing,
            mapping: Mapping::of_source(session, destination),
            roots: vec![PathBuf::from("/srv/film")],
            attached: vec![Attached {
                metadata: Some(b"<Metadata/>".to_vec()),
                properties: None,
            }],
            skipped: Vec::new(),
            notes: Vec::new(),
            words: ("/srv/film".to_owned(), "film/reels/".to_owned()),
        }
    }

    fn written(folder: &Path) -> PathBuf {
        let plan = Plan {
            drives: Vec::new(),
            lower_bound: 0,
            proven: true,
            why: String::new(),
            assumed: Vec::new(),
            left_out: Vec::new(),
            problems: Vec::new(),
        };
        let head = Head::new(&gathered(), Moment(1), "xts-aes-128", true, Vec::new());
        let hash = write(
            &[folder.to_owned()],
            "p.plan",
            &head,
            &gathered().listing,
            &plan,
        )
        .expect("a new file");
        let path = folder.join("p.plan");
        let bytes = std::fs::read(&path).expect("just written");
        assert_eq!(hash, <[u8; 32]>::from(Sha256::digest(bytes)));
        path
    }

    #[test]
    fn a_plan_comes_back_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let read = gather(&written(folder.path())).expect("just written");
        let expected = gathered();
        assert_eq!(
            (&read.mapping, &read.roots, &read.words),
            (&expected.mapping, &expected.roots, &expected.words)
        );
        assert_eq!(read.attached[0].metadata, expected.attached[0].metadata);
        assert!(read.listing.iter().eq(expected.listing.iter()));
    }

    #[test]
    fn a_plan_that_was_cut_off_anywhere_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = written(folder.path());
        let bytes = std::fs::read(&path).expect("just written");
        for length in (0..bytes.len() - 1).step_by(7).chain([bytes.len() - 2]) {
            std::fs::write(&path, &bytes[..length]).expect("it is ours");
            assert!(gather(&path).is_err(), "{length}");
        }
    }
}
