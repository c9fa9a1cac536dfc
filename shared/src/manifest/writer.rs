//! Writes a manifest, and knows its length before.

use super::blocks::{self, BLOCKS_MAX, BlobKind, PAGE_BYTES};
use super::escape::{digits, write_escaped};
use super::file::{Attached, ManifestFile, Part, PlannedFile, Ranges};
use crate::hash::{Md5Writer, upper_hex};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::io::{self, Write};
use thiserror::Error;

/// What creator every manifest names. Free text to the service; without a version, so that its length never changes
/// between the plan and a resume by a newer program.
pub const CLIENT_CREATOR: &str = "Argosy";

/// Writes `\DriveManifest.xml` as files come, in the order of the plan. UTF-8 without a mark, lines end in CRLF.
///
/// ```text
/// new: <DriveManifest><Drive><DriveId/><ClientCreator/><BlobList Id="session-0">
/// file: <Blob>...</Blob>      any number of times
/// finish: the closing tags, and the MD5 of all
/// ```
pub struct ManifestWriter<W> {
    out: Md5Writer<W>,
    files: u64,
}

/// The end of a manifest.
#[derive(Debug)]
pub struct WrittenManifest<W> {
    /// The writer that took it.
    pub inner: W,
    /// MD5 of the whole of it.
    pub md5: [u8; 16],
    /// The MD5 as journals and the service have it: upper-case Base16.
    pub hash: String,
    /// Its length.
    pub bytes: u64,
    /// How many files it has.
    pub files: u64,
}

/// A file that cannot stand in a manifest, or a writer that failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ManifestWriteError {
    /// The writer failed, or a name holds what XML cannot.
    #[error("manifest: {0}")]
    Io(#[from] io::Error),
    /// Hashes that do not fit the length.
    #[error("manifest: {path} has {found} hashes, its {bytes} bytes need {expected}")]
    Hashes {
        /// The path on the drive.
        path: String,
        /// Its length.
        bytes: u64,
        /// How many hashes that takes.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// A page blob whose length is no multiple of 512.
    #[error("manifest: {path} has {bytes} bytes, which cannot be a page blob")]
    Pages {
        /// The path on the drive.
        path: String,
        /// Its length.
        bytes: u64,
    },
    /// Ranges that are not the rule's. Only what was cut by the rule has a planned length.
    #[error("manifest: {path} is not cut by the rule, so its length was not planned")]
    Listed {
        /// The path on the drive.
        path: String,
    },
}

impl<W: Write> ManifestWriter<W> {
    /// Begins a manifest with one blob list.
    ///
    /// # Errors
    /// What `inner` gives, or a `drive_id` or `session` that XML cannot hold.
    pub fn new(inner: W, drive_id: &str, session: &str) -> Result<Self, ManifestWriteError> {
        let mut out = Md5Writer::new(inner);
        write_head(&mut out, drive_id, session)?;
        Ok(Self { out, files: 0 })
    }

    /// Writes a file's lines.
    ///
    /// # Errors
    /// [`ManifestWriteError`]; after one, the manifest is of no use.
    pub fn file(&mut self, file: &ManifestFile) -> Result<(), ManifestWriteError> {
        check(file)?;
        write_file_head(&mut self.out, &file.planned())?;
        for (index, part) in (0..).zip(file.parts()) {
            write_part(&mut self.out, file.kind, index, &part)?;
        }
        self.out.write_all(list_tag(file.kind, true).as_bytes())?;
        write_attached(&mut self.out, METADATA, file.metadata.as_ref())?;
        write_attached(&mut self.out, PROPERTIES, file.properties.as_ref())?;
        self.out.write_all(BLOB_END.as_bytes())?;
        self.files = self.files.saturating_add(1);
        Ok(())
    }

    /// Writes the closing tags and flushes.
    ///
    /// # Errors
    /// What the inner writer gives.
    pub fn finish(mut self) -> Result<WrittenManifest<W>, ManifestWriteError> {
        self.out.write_all(FOOT.as_bytes())?;
        self.out.flush()?;
        let (inner, md5, bytes) = self.out.finish();
        Ok(WrittenManifest {
            inner,
            md5,
            hash: upper_hex(&md5),
            bytes,
            files: self.files,
        })
    }
}

/// Returns the exact length of a manifest without files.
#[must_use]
pub fn planned_frame_bytes(drive_id: &str, session: &str) -> u64 {
    let head = counted(|count| write_head(count, drive_id, session));
    head.saturating_add(length(FOOT))
}

/// Returns the exact length of a file's lines: what [`ManifestWriter::file`] will write for it, whatever its hashes.
#[must_use]
pub fn planned_file_bytes(file: &PlannedFile<'_>) -> u64 {
    let head = counted(|count| write_file_head(count, file));
    let attached = |name: &str, path: Option<&str>| {
        path.map_or(0, |path| {
            let attached = Attached {
                path: path.to_owned(),
                hash: [0; 16],
            };
            counted(|count| write_attached(count, name, Some(&attached)))
        })
    };
    head.saturating_add(parts_bytes(file.bytes, file.kind))
        .saturating_add(length(list_tag(file.kind, true)))
        .saturating_add(attached(METADATA, file.metadata))
        .saturating_add(attached(PROPERTIES, file.properties))
        .saturating_add(length(BLOB_END))
}

/// Returns the exact length of the manifest of `files`.
pub fn planned_bytes<'a>(
    drive_id: &str,
    session: &str,
    files: impl IntoIterator<Item = PlannedFile<'a>>,
) -> u64 {
    let frame = planned_frame_bytes(drive_id, session);
    files.into_iter().fold(frame, |sum, file| {
        sum.saturating_add(planned_file_bytes(&file))
    })
}

fn check(file: &ManifestFile) -> Result<(), ManifestWriteError> {
    let path = || file.path.clone();
    if file.ranges != Ranges::Rule {
        return Err(ManifestWriteError::Listed { path: path() });
    }
    if file.kind == BlobKind::Page && !file.bytes.is_multiple_of(PAGE_BYTES) {
        return Err(ManifestWriteError::Pages {
            path: path(),
            bytes: file.bytes,
        });
    }
    let expected = blocks::part_count(file.bytes, file.kind);
    let found = u64::try_from(file.hashes.len()).unwrap_or(u64::MAX);
    if expected != found {
        return Err(ManifestWriteError::Hashes {
            path: path(),
            bytes: file.bytes,
            expected,
            found,
        });
    }
    Ok(())
}

fn write_head(out: &mut impl Write, drive_id: &str, session: &str) -> io::Result<()> {
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<DriveManifest Version=\"2014-11-01\">\r\n  <Drive>\r\n    <DriveId>")?;
    write_escaped(out, drive_id)?;
    write!(
        out,
        "</DriveId>\r\n    <ClientCreator>{CLIENT_CREATOR}</ClientCreator>\r\n    <BlobList Id=\""
    )?;
    write_escaped(out, session)?;
    out.write_all(b"-0\">\r\n")
}

fn write_file_head(out: &mut impl Write, file: &PlannedFile<'_>) -> io::Result<()> {
    out.write_all(b"      <Blob>\r\n        <BlobPath>")?;
    write_escaped(out, file.blob)?;
    out.write_all(b"</BlobPath>\r\n        <FilePath>")?;
    write_escaped(out, file.path)?;
    write!(
        out,
        "</FilePath>\r\n        <Length>{}</Length>\r\n",
        file.bytes
    )?;
    write!(
        out,
        "        <ImportDisposition>{}</ImportDisposition>\r\n",
        file.disposition.code()
    )?;
    out.write_all(list_tag(file.kind, false).as_bytes())
}

fn write_part(out: &mut impl Write, kind: BlobKind, index: u64, part: &Part) -> io::Result<()> {
    let (at, bytes, hash) = (part.at, part.bytes, upper_hex(&part.hash));
    match kind {
        BlobKind::Page => {
            write!(
                out,
                "          <PageRange Offset=\"{at}\" Length=\"{bytes}\" Hash=\"{hash}\"/>\r\n"
            )
        }
        BlobKind::Block => {
            let id = block_id(index);
            write!(
                out,
                "          <Block Offset=\"{at}\" Length=\"{bytes}\" Id=\"{id}\" Hash=\"{hash}\"/>\r\n"
            )
        }
    }
}

/// Returns the id of a block: base64 of its little-endian 32-bit number, so that all have eight characters.
fn block_id(index: u64) -> String {
    let index = u32::try_from(index)
        .ok()
        .filter(|&index| u64::from(index) < BLOCKS_MAX);
    BASE64.encode(
        index
            .expect("part_count gives at most 50,000 blocks")
            .to_le_bytes(),
    )
}

fn write_attached(out: &mut impl Write, name: &str, attached: Option<&Attached>) -> io::Result<()> {
    let Some(Attached { path, hash }) = attached else {
        return Ok(());
    };
    write!(out, "        <{name} Hash=\"{}\">", upper_hex(hash))?;
    write_escaped(out, path)?;
    write!(out, "</{name}>\r\n")
}

const fn list_tag(kind: BlobKind, end: bool) -> &'static str {
    match (kind, end) {
        (BlobKind::Block, false) => "        <BlockList>\r\n",
        (BlobKind::Block, true) => "        </BlockList>\r\n",
        (BlobKind::Page, false) => "        <PageRangeList>\r\n",
        (BlobKind::Page, true) => "        </PageRangeList>\r\n",
    }
}

/// The length of all block or page range lines. Only the digits of offset and length vary, so it needs no loop over
/// blocks: a plan adds up millions of files while the person types.
fn parts_bytes(file_bytes: u64, kind: BlobKind) -> u64 {
    let count = blocks::part_count(file_bytes, kind);
    let Some(whole) = count.checked_sub(1) else {
        return 0;
    };
    let step = blocks::part_bytes(file_bytes, kind);
    let tail = file_bytes.saturating_sub(whole.saturating_mul(step));
    let fixed = match kind {
        BlobKind::Block => {
            length("          <Block Offset=\"\" Length=\"\" Id=\"AAAAAA==\" Hash=\"\"/>\r\n")
        }
        BlobKind::Page => length("          <PageRange Offset=\"\" Length=\"\" Hash=\"\"/>\r\n"),
    };
    count
        .saturating_mul(fixed.saturating_add(32))
        .saturating_add(whole.saturating_mul(digits(step)))
        .saturating_add(digits(tail))
        .saturating_add(offset_digits(count, step))
}

/// The digits of 0, step, 2 x step, ... , (count - 1) x step together: one each, and one more for every power of ten
/// that an offset reaches.
fn offset_digits(count: u64, step: u64) -> u64 {
    (1..=19).fold(count, |sum, power| {
        let below = 10_u64.saturating_pow(power).div_ceil(step);
        sum.saturating_add(count.saturating_sub(below))
    })
}

struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts what `write` writes. A text that XML cannot hold counts up to there: it fails when it is written.
fn counted(write: impl FnOnce(&mut Count) -> io::Result<()>) -> u64 {
    let mut count = Count(0);
    let _names_are_judged_when_written = write(&mut count);
    count.0
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

const METADATA: &str = "MetadataPath";
const PROPERTIES: &str = "PropertiesPath";
const BLOB_END: &str = "      </Blob>\r\n";
const FOOT: &str = "    </BlobList>\r\n  </Drive>\r\n</DriveManifest>\r\n";
