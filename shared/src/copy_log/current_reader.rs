//! Reads the copy log of today, ours or the service's.

use super::classic_reader::{LogError, number};
use super::current::{Category, Errored, Succeeded};
use crate::manifest::BlobKind;
use crate::xml_element::{Element, Elements};

/// A copy log or verbose log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CurrentLog {
    /// The drive, where the log has a summary.
    pub drive_id: Option<String>,
    /// The status, where the log has a summary: `Succeeded`, `Failed`.
    pub status: Option<String>,
    /// Blobs counted by the summary.
    pub blobs: u64,
    /// What arrived, with its checksum.
    pub succeeded: Vec<Succeeded>,
    /// What did not.
    pub errored: Vec<Errored>,
}

/// Reads a log. Entries of a cloud format that is not known here are passed over.
///
/// # Errors
/// [`LogError`].
pub fn read_current(xml: &[u8]) -> Result<CurrentLog, LogError> {
    let mut elements = Elements::new(xml);
    let mut log = CurrentLog::default();
    let mut entry: u64 = 0;
    while let Some(element) = elements.next()? {
        entry = entry.saturating_add(1);
        match element.name.as_str() {
            "File" => log.succeeded.extend(succeeded(entry, &element)?),
            "ErroredEntity" => log.errored.extend(errored(&element)),
            "CopyLog" => {
                log.drive_id = Some(element.text_of("DriveId").to_owned());
                log.status = Some(element.text_of("Status").to_owned());
                let total = element.text_of("TotalFiles_Blobs");
                log.blobs = number(entry, "TotalFiles_Blobs", total)?;
            }
            _ => {
                return Err(LogError::Other {
                    expected: "copy log",
                    found: format!("<{}>", element.name),
                });
            }
        }
    }
    Ok(log)
}

fn succeeded(entry: u64, element: &Element) -> Result<Option<Succeeded>, LogError> {
    let of = |name| element.attribute(name).unwrap_or_default();
    let Some(kind) = kind(of("CloudFormat")) else {
        return Ok(None);
    };
    Ok(Some(Succeeded {
        kind,
        blob: of("Path").replacen('\\', "/", 1),
        etag: element.attribute("ETag").map(str::to_owned),
        bytes: number(entry, "Size", of("Size"))?,
        crc64: number(entry, "crc64", of("crc64"))?,
    }))
}

fn errored(element: &Element) -> Option<Errored> {
    let kind = kind(element.attribute("CloudFormat").unwrap_or_default())?;
    let category = Category::from_code(element.text_of("Category"));
    Some(Errored {
        kind,
        blob: element.attribute("Path").unwrap_or_default().to_owned(),
        etag: element.child("ETag").map(|etag| etag.text.clone()),
        category: category.unwrap_or(Category::UnknownType),
        code: element.text_of("ErrorCode").to_owned(),
        message: element.text_of("ErrorMessage").to_owned(),
    })
}

fn kind(format: &str) -> Option<BlobKind> {
    match format {
        "BlockBlob" => Some(BlobKind::Block),
        "PageBlob" => Some(BlobKind::Page),
        "AzureFile" => Some(BlobKind::File),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::current::{write_errored, write_succeeded, write_summary};
    use super::super::status::DriveStatus;
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let arrived = Succeeded {
            kind: BlobKind::Page,
            blob: "disks/a & b/\"x\" é.vhd".to_owned(),
            etag: Some("0x8D8".to_owned()),
            bytes: 1024,
            crc64: 14_179_624_636_173_788_226,
        };
        let failed = Errored {
            kind: BlobKind::Block,
            blob: "film/a.mov".to_owned(),
            etag: Some("0x8D9".to_owned()),
            category: Category::DataValidation,
            code: "Corrupted".to_owned(),
            message: "block 3 <differs>".to_owned(),
        };
        let mut xml = Vec::new();
        write_succeeded(&mut xml, &arrived).expect("memory");
        write_errored(&mut xml, &failed).expect("memory");
        let errored = BTreeMap::from([(Category::DataValidation, 1)]);
        let status = DriveStatus::CompletedWithErrors;
        write_summary(&mut xml, "WD-1", status, 2, &errored).expect("memory");
        let log = CurrentLog {
            drive_id: Some("WD-1".to_owned()),
            status: Some("Failed".to_owned()),
            blobs: 2,
            succeeded: vec![arrived],
            errored: vec![failed],
        };
        assert_eq!(read_current(&xml), Ok(log));
    }

    /// In the form of the public samples (azure-import-export.md, 5.5).
    #[test]
    fn the_public_form_is_read() {
        let xml = "<File CloudFormat=\"BlockBlob\" Path=\"$root\\file1.txt\" Size=\"1024\" crc64=\"14179624636173788226\">\n</File>\
            <File CloudFormat=\"AzureFile\" Path=\"share\\x\" Size=\"1\" crc64=\"1\">\n</File>\
            <File CloudFormat=\"ManagedDisk\" Path=\"disks\\x\" Size=\"1\" crc64=\"1\">\n</File>\
            <ErroredEntity CloudFormat=\"BlockBlob\" Path=\"c/movie/block.blob\"><Category>UploadErrorWin32</Category>\
            <ErrorCode>123</ErrorCode><ErrorMessage>File Create failed</ErrorMessage><Type>File</Type></ErroredEntity>";
        let log = read_current(xml.as_bytes()).expect("a log");
        assert_eq!(log.succeeded.len(), 2);
        let file = &log.succeeded[1];
        assert_eq!((file.kind, file.blob.as_str()), (BlobKind::File, "share/x"));
        assert_eq!(log.succeeded[0].blob, "$root/file1.txt");
        assert_eq!(log.errored[0].category, Category::Win32);
    }
}
