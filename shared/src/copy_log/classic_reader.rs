//! Reads a classic drive log, ours or the service's.

use std::str::FromStr;

use thiserror::Error;

use super::entry::{LoggedAttached, LoggedBlob, LoggedPart};
use super::status::{BlobStatus, DispositionStatus, DriveStatus};
use crate::hash::from_hex;
use crate::manifest::{BlobKind, Disposition};
use crate::xml_element::{Element, Elements, NoXml};

/// A drive log, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriveLog {
    /// The drive.
    pub drive_id: String,
    /// Its blobs, as far as the log has them: an error log leaves out what went well.
    pub blobs: Vec<LoggedBlob>,
    /// How the drive ended.
    pub status: DriveStatus,
}

/// A log that cannot be believed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LogError {
    /// It is no XML, or cut off.
    #[error(transparent)]
    NoXml(#[from] NoXml),
    /// It is something else.
    #[error("this is no {expected}: it begins with {found}")]
    Other {
        /// What was expected.
        expected: &'static str,
        /// The first element.
        found: String,
    },
    /// Something that must be there.
    #[error("entry {entry} has no {missing}")]
    Missing {
        /// Its number, from 1; 0 for the log itself.
        entry: u64,
        /// What.
        missing: &'static str,
    },
    /// A word or number that is none.
    #[error("entry {entry}: {what} is {found:?}")]
    Value {
        /// Its number, from 1; 0 for the log itself.
        entry: u64,
        /// The element or attribute.
        what: &'static str,
        /// What it holds.
        found: String,
    },
}

/// Returns whether a log is a classic one. Today's has a `<DriveLogVersion>` in its summary, which a short one has near its start.
#[must_use]
pub fn is_classic(xml: &[u8]) -> bool {
    const ROOT: &[u8] = b"<DriveLog";
    const HEAD_BYTES: usize = 1024;
    let head = xml.get(..HEAD_BYTES).unwrap_or(xml);
    let mut places = head.windows(ROOT.len().saturating_add(1));
    places.any(|text| {
        let rest = text.strip_prefix(ROOT).and_then(<[u8]>::first);
        rest.is_some_and(|next| *next == b'>' || next.is_ascii_whitespace())
    })
}

/// Reads a classic drive log.
///
/// # Errors
/// [`LogError`].
pub fn read_classic(xml: &[u8]) -> Result<DriveLog, LogError> {
    let mut elements = Elements::new(xml);
    let root = elements.enter()?;
    let found = root.map_or_else(|| "nothing".to_owned(), |root| format!("<{}>", root.name));
    if found != "<DriveLog>" {
        return Err(LogError::Other {
            expected: "drive log",
            found,
        });
    }
    let mut log = DriveLog {
        drive_id: String::new(),
        blobs: Vec::new(),
        status: DriveStatus::InternalError,
    };
    let mut status = None;
    let mut number: u64 = 0;
    while let Some(element) = elements.next()? {
        match element.name.as_str() {
            "DriveId" => log.drive_id = element.text.trim().to_owned(),
            "Status" => status = Some(word(0, "Status", &element.text)?),
            "Blob" | "File" => {
                number = number.saturating_add(1);
                log.blobs.push(blob(number, &element)?);
            }
            // What later versions add.
            _ => {}
        }
    }
    log.status = status.ok_or(LogError::Missing {
        entry: 0,
        missing: "<Status>",
    })?;
    Ok(log)
}

fn blob(entry: u64, element: &Element) -> Result<LoggedBlob, LogError> {
    let missing = |missing| LogError::Missing { entry, missing };
    let status = element
        .attribute("Status")
        .ok_or_else(|| missing("Status"))?;
    let is_file = element.name == "File";
    let (kind, list) = match (element.child("BlockList"), element.child("PageRangeList")) {
        _ if is_file => (BlobKind::File, element.child("FileRangeList")),
        (_, Some(list)) => (BlobKind::Page, Some(list)),
        (list, None) => (BlobKind::Block, list),
    };
    let name = if is_file {
        "FileStoragePath"
    } else {
        "BlobPath"
    };
    let parts = list.iter().flat_map(|list| &list.children);
    let parts = parts.map(|element| part(entry, element));
    Ok(LoggedBlob {
        status: word::<BlobStatus>(entry, "Status", status)?,
        blob: element.text_of(name).to_owned(),
        file: element.text_of("FilePath").to_owned(),
        bytes: number(entry, "Length", element.text_of("Length"))?,
        disposition: disposition(entry, element.child("ImportDisposition"))?,
        kind,
        parts: parts.collect::<Result<_, _>>()?,
        metadata: attached(entry, element.child("Metadata"))?,
        properties: attached(entry, element.child("Properties"))?,
    })
}

/// Logs of exports have none.
fn disposition(
    entry: u64,
    element: Option<&Element>,
) -> Result<(Disposition, DispositionStatus), LogError> {
    let Some(element) = element else {
        return Ok((Disposition::default(), DispositionStatus::Cancelled));
    };
    let text = element.text.trim();
    let rule = Disposition::from_code(text).ok_or_else(|| LogError::Value {
        entry,
        what: "ImportDisposition",
        found: text.to_owned(),
    })?;
    let status = element.attribute("Status").unwrap_or("Cancelled");
    Ok((rule, word(entry, "ImportDisposition Status", status)?))
}

fn part(entry: u64, element: &Element) -> Result<LoggedPart, LogError> {
    let of = |name| element.attribute(name).unwrap_or_default();
    Ok(LoggedPart {
        at: number(entry, "Offset", of("Offset"))?,
        bytes: number(entry, "Length", of("Length"))?,
        id: element.attribute("Id").map(str::to_owned),
        hash: element.attribute("Hash").and_then(from_hex),
        status: word(entry, "Status", of("Status"))?,
    })
}

/// The service tells a list's own file (`GlobalPath`) from a blob's (`Path`); the blob's counts.
fn attached(entry: u64, element: Option<&Element>) -> Result<Option<LoggedAttached>, LogError> {
    let Some(element) = element else {
        return Ok(None);
    };
    let path = element
        .child("Path")
        .or_else(|| element.child("GlobalPath"));
    let path = path.ok_or(LogError::Missing {
        entry,
        missing: "<Path>",
    })?;
    let status = element.attribute("Status").unwrap_or_default();
    Ok(Some(LoggedAttached {
        path: path.text.trim().to_owned(),
        hash: path
            .attribute("Hash")
            .and_then(from_hex)
            .unwrap_or_default(),
        status: word(entry, "Status", status)?,
    }))
}

pub(super) fn word<T: FromStr>(entry: u64, what: &'static str, text: &str) -> Result<T, LogError> {
    let text = text.trim();
    text.parse().map_err(|_| LogError::Value {
        entry,
        what,
        found: text.to_owned(),
    })
}

pub(super) fn number(entry: u64, what: &'static str, text: &str) -> Result<u64, LogError> {
    word(entry, what, text)
}

#[cfg(test)]
mod tests {
    use super::super::classic::ClassicWriter;
    use super::super::status::{AttachedStatus, PartStatus};
    use super::*;

    #[test]
    fn a_short_log_of_today_is_no_classic_one() {
        let summary =
            "<CopyLog Summary=\"Summary\"><DriveLogVersion>2021-08-01</DriveLogVersion></CopyLog>";
        assert!(!is_classic(summary.as_bytes()));
        for root in [
            "<DriveLog>",
            "<?xml?>\r\n<DriveLog Version=\"2014-11-01\">",
            "<DriveLog\n",
        ] {
            assert!(is_classic(root.as_bytes()), "{root}");
        }
    }

    fn blob() -> LoggedBlob {
        LoggedBlob {
            status: BlobStatus::CompletedWithErrors,
            blob: "film/a & b \"é\" (2).mov".to_owned(),
            file: "\\reel-1\\a & b.mov".to_owned(),
            bytes: 4_194_305,
            disposition: (Disposition::Rename, DispositionStatus::Renamed),
            kind: BlobKind::Block,
            parts: vec![
                LoggedPart {
                    at: 0,
                    bytes: 4_194_304,
                    id: Some("AAAAAA==".to_owned()),
                    hash: Some([1; 16]),
                    status: PartStatus::Uncommitted,
                },
                LoggedPart {
                    at: 4_194_304,
                    bytes: 1,
                    id: Some("AQAAAA==".to_owned()),
                    hash: Some([2; 16]),
                    status: PartStatus::Corrupted,
                },
            ],
            metadata: Some(LoggedAttached {
                path: "\\reel-1\\m.xml".to_owned(),
                hash: [3; 16],
                status: AttachedStatus::Completed,
            }),
            properties: None,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut writer = ClassicWriter::new(Vec::new(), "WD-1").expect("memory");
        writer.blob(&blob()).expect("memory");
        let status = DriveStatus::CompletedWithErrors;
        let xml = writer.finish(status).expect("memory");
        let log = DriveLog {
            drive_id: "WD-1".to_owned(),
            blobs: vec![blob()],
            status,
        };
        assert_eq!(read_classic(&xml), Ok(log));
    }

    /// In the form of the public samples, with values of our own (azure-import-export.md, 5.3).
    #[test]
    fn the_public_form_is_read() {
        let xml = r#"<?xml version="1.0" encoding="utf-8"?>
<DriveLog Version="2014-11-01"><DriveId>9WM35C2V</DriveId>
  <Blob Status="CompletedWithErrors"><BlobPath>pictures/animals/koala.jpg</BlobPath><FilePath>\animals\koala.jpg</FilePath>
    <Length>163840</Length><ImportDisposition Status="Overwritten">overwrite</ImportDisposition>
    <PageRangeList><PageRange Offset="65536" Length="65536" Hash="AA2585F6F6FD01C4AD4256E018240CD4" Status="Corrupted" /></PageRangeList>
    <Properties Status="Completed"><GlobalPath Hash="BF3C4C4F4E4C4B4A49484746454443FF">\p.xml</GlobalPath></Properties></Blob>
  <Status>CompletedWithErrors</Status></DriveLog>"#;
        let log = read_classic(xml.as_bytes()).expect("a log");
        let [blob] = log.blobs.as_slice() else {
            panic!("{log:?}");
        };
        assert_eq!(blob.kind, BlobKind::Page);
        assert_eq!(blob.parts[0].status, PartStatus::Corrupted);
        assert_eq!(blob.properties.as_ref().expect("one").path, "\\p.xml");
    }

    #[test]
    fn a_log_that_was_cut_off_is_no_log() {
        let mut writer = ClassicWriter::new(Vec::new(), "WD-1").expect("memory");
        writer.blob(&blob()).expect("memory");
        let xml = writer.finish(DriveStatus::Completed).expect("memory");
        for end in [10, 60, 200, xml.len() - 20] {
            assert!(read_classic(&xml[..end]).is_err(), "{end}");
        }
        assert!(read_classic(b"<Other/>").is_err());
    }
}
