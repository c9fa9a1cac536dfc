//! Writes the classic drive log.

use std::io;

use super::entry::{LoggedAttached, LoggedBlob, LoggedPart};
use super::status::DriveStatus;
use crate::hash::upper_hex;
use crate::manifest::{BlobKind, write_escaped};

/// Writes a drive log as blobs end, in memory of one of them.
pub struct ClassicWriter<W> {
    out: W,
}

impl<W: io::Write> ClassicWriter<W> {
    /// Begins the log of a drive.
    ///
    /// # Errors
    /// What `out` gives.
    pub fn new(mut out: W, drive_id: &str) -> io::Result<Self> {
        out.write_all(
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DriveLog Version=\"2014-11-01\">\n",
        )?;
        let mut writer = Self { out };
        writer.leaf(1, "DriveId", &[], drive_id)?;
        Ok(writer)
    }

    /// Writes what became of a blob.
    ///
    /// # Errors
    /// What `out` gives, or [`NotXml`](crate::manifest::NotXml) inside it.
    pub fn blob(&mut self, blob: &LoggedBlob) -> io::Result<()> {
        // Logs of 2014 know no files of a share; these are the words of 2018's (azure-import-export.md, 5.4).
        let (entry, name) = match blob.kind {
            BlobKind::Block | BlobKind::Page => ("Blob", "BlobPath"),
            BlobKind::File => ("File", "FileStoragePath"),
        };
        writeln!(self.out, "  <{entry} Status=\"{}\">", blob.status)?;
        self.leaf(2, name, &[], &blob.blob)?;
        self.leaf(2, "FilePath", &[], &blob.file)?;
        self.leaf(2, "Length", &[], &blob.bytes.to_string())?;
        let (rule, became) = blob.disposition;
        let status = became.to_string();
        self.leaf(2, "ImportDisposition", &[("Status", &status)], rule.code())?;
        let list = match blob.kind {
            BlobKind::Block => "BlockList",
            BlobKind::Page => "PageRangeList",
            BlobKind::File => "FileRangeList",
        };
        writeln!(self.out, "    <{list}>")?;
        for part in &blob.parts {
            self.part(blob.kind, part)?;
        }
        writeln!(self.out, "    </{list}>")?;
        if let Some(metadata) = &blob.metadata {
            self.attached("Metadata", metadata)?;
        }
        if let Some(properties) = &blob.properties {
            self.attached("Properties", properties)?;
        }
        writeln!(self.out, "  </{entry}>")
    }

    /// Ends the log, and gives back what it was written to.
    ///
    /// # Errors
    /// What `out` gives.
    pub fn finish(mut self, status: DriveStatus) -> io::Result<W> {
        self.leaf(1, "Status", &[], &status.to_string())?;
        writeln!(self.out, "</DriveLog>")?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn part(&mut self, kind: BlobKind, part: &LoggedPart) -> io::Result<()> {
        let name = match kind {
            BlobKind::Block => "Block",
            BlobKind::Page => "PageRange",
            BlobKind::File => "FileRange",
        };
        write!(
            self.out,
            "      <{name} Offset=\"{}\" Length=\"{}\"",
            part.at, part.bytes
        )?;
        if let Some(id) = &part.id {
            self.out.write_all(b" Id=\"")?;
            write_escaped(&mut self.out, id)?;
            self.out.write_all(b"\"")?;
        }
        if let Some(hash) = part.hash {
            write!(self.out, " Hash=\"{}\"", upper_hex(&hash))?;
        }
        writeln!(self.out, " Status=\"{}\"/>", part.status)
    }

    fn attached(&mut self, name: &str, attached: &LoggedAttached) -> io::Result<()> {
        writeln!(self.out, "    <{name} Status=\"{}\">", attached.status)?;
        let hash = upper_hex(&attached.hash);
        self.leaf(3, "Path", &[("Hash", &hash)], &attached.path)?;
        writeln!(self.out, "    </{name}>")
    }

    fn leaf(
        &mut self,
        depth: usize,
        name: &str,
        attributes: &[(&str, &str)],
        text: &str,
    ) -> io::Result<()> {
        write!(self.out, "{}<{name}", "  ".repeat(depth))?;
        for (attribute, value) in attributes {
            write!(self.out, " {attribute}=\"{value}\"")?;
        }
        self.out.write_all(b">")?;
        write_escaped(&mut self.out, text)?;
        writeln!(self.out, "</{name}>")
    }
}
