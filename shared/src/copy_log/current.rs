//! Writes the copy log of today: a run of elements without a root.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use super::status::DriveStatus;
use crate::manifest::{BlobKind, write_escaped};

/// A blob that arrived: an entry of the verbose log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succeeded {
    /// Its kind.
    pub kind: BlobKind,
    /// The blob, container included, with slashes.
    pub blob: String,
    /// The version that was exported, without quotes; none for an import.
    pub etag: Option<String>,
    /// Its length.
    pub bytes: u64,
    /// CRC-64/NVME of all of it.
    pub crc64: u64,
}

/// A blob that did not arrive, or not whole: an entry of the copy log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errored {
    /// Its kind.
    pub kind: BlobKind,
    /// The blob, container included, with slashes.
    pub blob: String,
    /// The version that was to be exported, without quotes; none for an import.
    pub etag: Option<String>,
    /// What sort of error.
    pub category: Category,
    /// The service's or the system's number: an HTTP status, for instance.
    pub code: String,
    /// In words.
    pub message: String,
}

/// What sort of error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// The drive's file system.
    Win32,
    /// The store said no.
    CloudHttp,
    /// What is on the drive is not what was written there.
    DataValidation,
    /// Metadata or properties.
    FileProperty,
    /// The store said no, for an export.
    ExportCloudHttp,
    /// Anything else.
    UnknownType,
}

impl Category {
    /// Returns the word as it stands in logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Win32 => "UploadErrorWin32",
            Self::CloudHttp => "UploadErrorCloudHttp",
            Self::DataValidation => "UploadErrorDataValidationError",
            Self::FileProperty => "UploadErrorFilePropertyError",
            Self::ExportCloudHttp => "ExportCloudHttp",
            Self::UnknownType => "UploadErrorUnknownType",
        }
    }

    /// Returns the category of a word; `None` for one that is none of these.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [
            Self::Win32,
            Self::CloudHttp,
            Self::DataValidation,
            Self::FileProperty,
            Self::ExportCloudHttp,
            Self::UnknownType,
        ]
        .into_iter()
        .find(|category| category.code() == code)
    }

    /// Returns what the summary says of it.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Win32 => "the file could not be read from the drive",
            Self::CloudHttp => "the store refused a request",
            Self::DataValidation => "the data differ from the drive's manifest",
            Self::FileProperty => "the metadata or properties file cannot be used",
            Self::ExportCloudHttp => "the blob could not be read as it was listed",
            Self::UnknownType => "another error",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Returns the word for a kind of blob.
pub(super) const fn format(kind: BlobKind) -> &'static str {
    match kind {
        BlobKind::Block => "BlockBlob",
        BlobKind::Page => "PageBlob",
        BlobKind::File => "AzureFile",
    }
}

/// Writes an entry of the verbose log. Its path has a backslash behind the container and slashes after it, as the public
/// sample has (`container\name`).
///
/// # Errors
/// What `out` gives.
pub fn write_succeeded(out: &mut impl io::Write, blob: &Succeeded) -> io::Result<()> {
    write!(out, "<File CloudFormat=\"{}\"", format(blob.kind))?;
    if let Some(etag) = &blob.etag {
        out.write_all(b" ETag=\"")?;
        write_escaped(out, etag)?;
        out.write_all(b"\"")?;
    }
    out.write_all(b" Path=\"")?;
    let (container, name) = blob.blob.split_once('/').unwrap_or(("", &blob.blob));
    write_escaped(out, container)?;
    out.write_all(b"\\")?;
    write_escaped(out, name)?;
    writeln!(out, "\" Size=\"{}\" crc64=\"{}\">", blob.bytes, blob.crc64)?;
    writeln!(out, "</File>")
}

/// Writes an entry of the copy log.
///
/// # Errors
/// What `out` gives.
pub fn write_errored(out: &mut impl io::Write, blob: &Errored) -> io::Result<()> {
    write!(
        out,
        "<ErroredEntity CloudFormat=\"{}\" Path=\"",
        format(blob.kind)
    )?;
    write_escaped(out, &blob.blob)?;
    write!(out, "\">\n  <Category>{}</Category>\n", blob.category)?;
    if let Some(etag) = &blob.etag {
        out.write_all(b"  <ETag>")?;
        write_escaped(out, etag)?;
        out.write_all(b"</ETag>\n")?;
    }
    out.write_all(b"  <ErrorCode>")?;
    write_escaped(out, &blob.code)?;
    out.write_all(b"</ErrorCode>\n  <ErrorMessage>")?;
    write_escaped(out, &blob.message)?;
    out.write_all(b"</ErrorMessage>\n  <Type>File</Type>\n</ErroredEntity>\n")
}

/// Writes the copy log's last element: how the drive ended, and how many of each.
///
/// # Errors
/// What `out` gives.
pub fn write_summary(
    out: &mut impl io::Write,
    drive_id: &str,
    status: DriveStatus,
    blobs: u64,
    errored: &BTreeMap<Category, u64>,
) -> io::Result<()> {
    let total: u64 = errored
        .values()
        .fold(0, |all, count| all.saturating_add(*count));
    let status = match status {
        DriveStatus::Completed | DriveStatus::CompletedWithWarnings => "Succeeded",
        _ => "Failed",
    };
    out.write_all(b"<CopyLog Summary=\"Summary\">\n  <DriveLogVersion>2021-08-01</DriveLogVersion>\n  <DriveId>")?;
    write_escaped(out, drive_id)?;
    writeln!(out, "</DriveId>\n  <Status>{status}</Status>")?;
    writeln!(out, "  <TotalFiles_Blobs>{blobs}</TotalFiles_Blobs>")?;
    writeln!(out, "  <FilesErrored>{total}</FilesErrored>")?;
    out.write_all(b"  <Summary>\n    <ValidationErrors>\n")?;
    writeln!(
        out,
        "      <None Count=\"{blobs}\"/>\n    </ValidationErrors>\n    <CopyErrors>"
    )?;
    if total == 0 {
        writeln!(
            out,
            "      <None Count=\"{blobs}\" Description=\"no error\"/>"
        )?;
    }
    for (category, count) in errored {
        let description = category.description();
        writeln!(
            out,
            "      <{category} Count=\"{count}\" Description=\"{description}\"/>"
        )?;
    }
    out.write_all(b"    </CopyErrors>\n  </Summary>\n</CopyLog>\n")
}
