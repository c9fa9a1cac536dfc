//! Writes a manifest, and knows its length before.

use super::blocks::{self, BLOCKS_MAX, BlobKind, PAGE_BYTES};
use super::escape::write_escaped;
use super::file::{Attached, ManifestFile, Part, PlannedFile, Ranges};
use super::tags::{entry_end, entry_tags, list_tag};
use crate::hash::{Md5Writer, upper_hex};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::io::{self, Read, Write};
use thiserror::Error;

/// What creator every manifest names. Free text to the service; without a version, so that its
/// length never changes between the plan and a resume by a newer program.
pub const CLIENT_CREATOR: &str = "Argosy";

/// Writes `\DriveManifest.xml` as files come, in the order of the plan. UTF-8 without a mark, lines
/// end in CRLF.
///
/// ```text
/// new: <DriveManifest><Drive><DriveId/><ClientCreator/><BlobList Id="session-0">
/// file: <Blob>...</Blob>      any number of times
/// finish: the closing tags, and the MD5 of all
/// ```
pub struct ManifestWriter<W> {
    out: Md5Writer<W>,
    files: u64,
    /// The lines of one file, so that `out` sees long writes.
    lines: Vec<u8>,
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
        Ok(Self {
            out,
            files: 0,
            lines: Vec::new(),
        })
    }

    /// Repeats a manifest that this program wrote, but for its closing tags, and begins a further blob list.
    ///
    /// # Errors
    /// What `inner` or `before` gives, or when `before` does not end as ours do.
    pub fn behind(
        inner: W,
        mut before: impl Read,
        session: &str,
    ) -> Result<Self, ManifestWriteError> {
        let mut out = Md5Writer::new(inner);
        let mut held = Vec::new();
        let mut piece = vec![0; LINES_BYTES];
        loop {
            let count = before.read(&mut piece)?;
            held.extend_from_slice(piece.get(..count).unwrap_or_default());
            let safe = held.len().saturating_sub(FOOT.len());
            if count == 0 {
                break;
            }
            out.write_all(held.get(..safe).unwrap_or_default())?;
            held.drain(..safe);
        }
        if held != FOOT.as_bytes() {
            let other = "the manifest on the drive does not end as this program ends one";
            return Err(io::Error::new(io::ErrorKind::InvalidData, other).into());
        }
        out.write_all(NEXT_LIST.as_bytes())?;
        write_escaped(&mut out, session)?;
        out.write_all(LIST_HEAD_END.as_bytes())?;
        Ok(Self {
            out,
            files: 0,
            lines: Vec::new(),
        })
    }

    /// Writes a file's lines.
    ///
    /// # Errors
    /// [`ManifestWriteError`]; after one, the manifest is of no use.
    pub fn file(&mut self, file: &ManifestFile) -> Result<(), ManifestWriteError> {
        check(file)?;
        self.lines.clear();
        write_file_head(&mut self.lines, &file.planned())?;
        for (index, part) in (0..).zip(file.parts()) {
            write_part(&mut self.lines, file.kind, index, &part)?;
            if self.lines.len() > LINES_BYTES {
                self.out.write_all(&self.lines)?;
                self.lines.clear();
            }
        }
        self.lines.write_all(list_tag(file.kind, true).as_bytes())?;
        write_attached(&mut self.lines, METADATA, file.metadata.as_ref())?;
        write_attached(&mut self.lines, PROPERTIES, file.properties.as_ref())?;
        self.lines.write_all(entry_end(file.kind).as_bytes())?;
        self.out.write_all(&self.lines)?;
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

pub(super) fn write_head(out: &mut impl Write, drive_id: &str, session: &str) -> io::Result<()> {
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<DriveManifest Version=\"2014-11-01\">\r\n  <Drive>\r\n    <DriveId>")?;
    write_escaped(out, drive_id)?;
    write!(
        out,
        "</DriveId>\r\n    <ClientCreator>{CLIENT_CREATOR}</ClientCreator>\r\n    <BlobList Id=\""
    )?;
    write_escaped(out, session)?;
    out.write_all(LIST_HEAD_END.as_bytes())
}

pub(super) fn write_file_head(out: &mut impl Write, file: &PlannedFile<'_>) -> io::Result<()> {
    let (entry, name) = entry_tags(file.kind);
    write!(out, "      <{entry}>\r\n        <{name}>")?;
    write_escaped(out, file.blob)?;
    write!(out, "</{name}>\r\n        <FilePath>")?;
    write_escaped(out, file.path)?;
    out.write_all(b"</FilePath>\r\n")?;
    if let Some(snapshot) = file.snapshot {
        out.write_all(b"        <Snapshot>")?;
        write_escaped(out, snapshot)?;
        out.write_all(b"</Snapshot>\r\n")?;
    }
    write!(out, "        <Length>{}</Length>\r\n", file.bytes)?;
    if let Some(rule) = file.disposition {
        write!(
            out,
            "        <ImportDisposition>{}</ImportDisposition>\r\n",
            rule.code()
        )?;
    }
    out.write_all(list_tag(file.kind, false).as_bytes())
}

fn write_part(out: &mut impl Write, kind: BlobKind, index: u64, part: &Part) -> io::Result<()> {
    let (at, bytes, hash) = (part.at, part.bytes, upper_hex(&part.hash));
    match kind {
        BlobKind::File => {
            write!(
                out,
                "          <FileRange Offset=\"{at}\" Length=\"{bytes}\" Hash=\"{hash}\"/>\r\n"
            )
        }
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

/// Returns the id of a block: base64 of its little-endian 32-bit number, so that all have eight
/// characters.
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

pub(super) fn write_attached(
    out: &mut impl Write,
    name: &str,
    attached: Option<&Attached>,
) -> io::Result<()> {
    let Some(Attached { path, hash }) = attached else {
        return Ok(());
    };
    write!(out, "        <{name} Hash=\"{}\">", upper_hex(hash))?;
    write_escaped(out, path)?;
    write!(out, "</{name}>\r\n")
}

/// Ends a blob list and begins another.
const NEXT_LIST: &str = "    </BlobList>\r\n    <BlobList Id=\"";
/// Ends a blob list's tag.
const LIST_HEAD_END: &str = "-0\">\r\n";
const LINES_BYTES: usize = 64 * 1024;
pub(super) const METADATA: &str = "MetadataPath";
pub(super) const PROPERTIES: &str = "PropertiesPath";
pub(super) const FOOT: &str = "    </BlobList>\r\n  </Drive>\r\n</DriveManifest>\r\n";

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "numbers of our own")]
    use super::*;
    use crate::manifest::{Disposition, planned_bytes, planned_file_bytes, planned_frame_bytes};
    use proptest::prelude::*;

    fn file(path: &str, bytes: u64, kind: BlobKind) -> ManifestFile {
        let count = blocks::part_count(bytes, kind);
        let hashes = (0..count)
            .map(|index| crate::hash::md5(&index.to_le_bytes()))
            .collect();
        ManifestFile::new(path.to_owned(), format!("film/{path}"), bytes, kind, hashes)
    }

    fn written(drive: &str, session: &str, files: &[ManifestFile]) -> WrittenManifest<Vec<u8>> {
        let mut writer = ManifestWriter::new(Vec::new(), drive, session).expect("memory");
        for file in files {
            writer.file(file).expect("good");
        }
        writer.finish().expect("memory")
    }

    #[test]
    fn a_small_manifest_reads_like_the_public_grammar() {
        let mut small = file("\\reels\\a & b.mov", 4_194_305, BlobKind::Block);
        small.disposition = Some(Disposition::NoOverwrite);
        small.properties = Some(Attached {
            path: "\\reels\\a.properties".into(),
            hash: [0xab; 16],
        });
        let manifest = written(
            "WD-1",
            "reels",
            &[small, file("\\reels\\d.vhd", 512, BlobKind::Page)],
        );
        let text = String::from_utf8(manifest.inner)
            .expect("UTF-8")
            .replace("\r\n", "\n");
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<DriveManifest Version="2014-11-01">
  <Drive>
    <DriveId>WD-1</DriveId>
    <ClientCreator>Argosy</ClientCreator>
    <BlobList Id="reels-0">
      <Blob>
        <BlobPath>film/\reels\a &amp; b.mov</BlobPath>
        <FilePath>\reels\a &amp; b.mov</FilePath>
        <Length>4194305</Length>
        <ImportDisposition>no-overwrite</ImportDisposition>
        <BlockList>
          <Block Offset="0" Length="4194304" Id="AAAAAA==" Hash="7DEA362B3FAC8E00956A4952A3D4F474"/>
          <Block Offset="4194304" Length="1" Id="AQAAAA==" Hash="33CDEB0D6B1D1D8E0B6B6F9E3D8E2C52"/>
        </BlockList>
        <PropertiesPath Hash="ABABABABABABABABABABABABABABABAB">\reels\a.properties</PropertiesPath>
      </Blob>
      <Blob>
        <BlobPath>film/\reels\d.vhd</BlobPath>
        <FilePath>\reels\d.vhd</FilePath>
        <Length>512</Length>
        <ImportDisposition>rename</ImportDisposition>
        <PageRangeList>
          <PageRange Offset="0" Length="512" Hash="7DEA362B3FAC8E00956A4952A3D4F474"/>
        </PageRangeList>
      </Blob>
    </BlobList>
  </Drive>
</DriveManifest>
"#;
        // The second hash is computed: MD5 of 01 00 00 00 00 00 00 00.
        let second = upper_hex(&crate::hash::md5(&1_u64.to_le_bytes()));
        assert_eq!(
            text,
            expected.replace("33CDEB0D6B1D1D8E0B6B6F9E3D8E2C52", &second)
        );
    }

    #[test]
    fn block_ids_are_the_little_endian_number_in_base64() {
        assert_eq!(block_id(0), "AAAAAA==");
        assert_eq!(block_id(1), "AQAAAA==");
        assert_eq!(block_id(49_999).len(), 8);
    }

    #[test]
    fn hashes_that_do_not_fit_the_length_are_refused() {
        let mut writer = ManifestWriter::new(Vec::new(), "WD-1", "reels").expect("memory");
        let mut wrong = file("\\reels\\a", 5_000_000, BlobKind::Block);
        wrong.hashes.pop();
        assert!(matches!(
            writer.file(&wrong),
            Err(ManifestWriteError::Hashes {
                expected: 2,
                found: 1,
                ..
            })
        ));
        let odd = file("\\reels\\a", 513, BlobKind::Page);
        assert!(matches!(
            writer.file(&odd),
            Err(ManifestWriteError::Pages { bytes: 513, .. })
        ));
    }

    #[test]
    fn a_name_that_xml_cannot_hold_is_refused() {
        let mut writer = ManifestWriter::new(Vec::new(), "WD-1", "reels").expect("memory");
        for name in ["\u{1}", "\u{fffe}", "\u{ffff}", "\u{b}"] {
            assert!(
                writer.file(&file(name, 0, BlobKind::Block)).is_err(),
                "{name:?}"
            );
        }
    }

    const BLOCK: u64 = blocks::BLOCK_BYTES;

    #[test]
    fn a_further_session_gets_a_blob_list_behind_those_that_are_there_and_the_plan_has_room_for_it()
    {
        use crate::manifest::ManifestReader;
        let files = |folder: &str, count: u64| -> Vec<ManifestFile> {
            let file = |n: u64| {
                let (path, blob) = (format!("\\{folder}\\{n}"), format!("c/{folder}/{n}"));
                ManifestFile::new(path, blob, n + 1, BlobKind::Block, vec![[7; 16]])
            };
            (0..count).map(file).collect()
        };
        let (first, second) = (files("one", 900), files("two", 3));
        let before = written("D", "one-1", &first);
        let writer = ManifestWriter::behind(Vec::new(), before.inner.as_slice(), "two-2");
        let mut writer = writer.expect("our own");
        for file in &second {
            writer.file(file).expect("memory");
        }
        let both = writer.finish().expect("memory");
        let frame = planned_frame_bytes("D", "two-2");
        let lines = second
            .iter()
            .map(|file| planned_file_bytes(&file.planned()));
        assert!(both.bytes <= before.bytes + frame + lines.sum::<u64>());
        let mut reader = ManifestReader::new(both.inner.as_slice()).expect("a manifest");
        for (count, file) in first.iter().chain(&second).enumerate() {
            let found = reader.next_file().expect("right").expect("there");
            assert_eq!(found.path, file.path);
            let list = if count < 900 { "one-1-0" } else { "two-2-0" };
            assert_eq!(reader.list_id(), Some(list));
        }
        assert_eq!(reader.finish().expect("whole").md5, both.md5);
        for other in ["", "<x/>", &String::from_utf8_lossy(&before.inner[..9000])] {
            assert!(ManifestWriter::behind(Vec::new(), other.as_bytes(), "s-2").is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_planned_length_is_the_written_one(
            drive in "[ -~]{1,20}",
            session in "[A-Za-z0-9_#-]{3,30}",
            files in prop::collection::vec(
                // Any character but those that XML cannot hold; lengths around every border of
                // blocks and digits.
                ("[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x{fffe}\\x{ffff}]{0,40}",
                 prop_oneof![0..3 * BLOCK, Just(0), Just(BLOCK), Just(10 * BLOCK + 1), 1_000 * BLOCK..1_001 * BLOCK,
                     50_000 * BLOCK..50_001 * BLOCK],
                 prop::sample::select(&[BlobKind::Block, BlobKind::Page, BlobKind::File][..]), any::<bool>()), 0..6),
        ) {
            let files: Vec<ManifestFile> = files.into_iter().map(|(name, bytes, kind, attached)| {
                let page = kind == BlobKind::Page;
                let bytes = if page { bytes / 512 * 512 } else { bytes };
                let mut file = file(&name, bytes, kind);
                if attached {
                    file.metadata = Some(Attached { path: format!("\\{name}.meta"), hash: [1; 16] });
                    file.disposition = (!page).then_some(Disposition::Overwrite);
                    file.snapshot = page.then(|| "2026-11-28T10:51:43.1234567Z".to_owned());
                }
                file
            }).collect();
            let manifest = written(&drive, &session, &files);
            let planned = planned_bytes(&drive, &session, files.iter().map(ManifestFile::planned));
            prop_assert_eq!(planned, manifest.bytes);
            prop_assert_eq!(manifest.bytes, u64::try_from(manifest.inner.len()).expect("small"));
            prop_assert_eq!(manifest.md5, crate::hash::md5(&manifest.inner));
        }
    }
}
