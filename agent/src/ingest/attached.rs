//! Metadata and properties of a blob, from the files on the drive that hold them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use shared::copy_log::{AttachedStatus, BlobStatus, Category};
use shared::manifest::{Attached, AttachedKind, ManifestFile};

use super::drive_files::DriveFiles;
use super::outcome::{Hung, Trouble};
use crate::blobs::{BlobHeaders, Metadata, md5_of};

/// Longer than any such file is: the store takes 8 KiB of metadata.
const BYTES_MAX: u64 = 1 << 20;

/// What a blob is given besides its content.
pub(super) struct Given {
    pub(super) headers: BlobHeaders,
    pub(super) metadata: Metadata,
}

/// Why it cannot be given.
struct Unusable(AttachedStatus, String);

/// Reads and checks both files of a blob.
///
/// # Errors
/// The trouble, and what became of each.
pub(super) async fn given(
    files: &DriveFiles,
    file: &ManifestFile,
) -> Result<Given, Box<(Trouble, Hung)>> {
    let mut given = Given {
        headers: BlobHeaders::default(),
        metadata: Metadata::new(),
    };
    if let Some(attached) = &file.metadata {
        let values = values(files, attached, AttachedKind::Metadata).await;
        let values = values.and_then(metadata_of);
        given.metadata = values.map_err(|Unusable(status, what)| {
            let hung = Hung {
                metadata: status,
                ..Hung::CANCELLED
            };
            Box::new((trouble(status, &attached.path, &what), hung))
        })?;
    }
    if let Some(attached) = &file.properties {
        let values = values(files, attached, AttachedKind::Properties).await;
        let values = values.and_then(headers_of);
        given.headers = values.map_err(|Unusable(status, what)| {
            let hung = Hung {
                metadata: AttachedStatus::Cancelled,
                properties: status,
            };
            Box::new((trouble(status, &attached.path, &what), hung))
        })?;
    }
    Ok(given)
}

fn trouble(status: AttachedStatus, path: &str, what: &str) -> Trouble {
    let message = format!("{path}: {what}; the blob was not sent");
    let category = Category::FileProperty;
    let code = status.to_string();
    Trouble::new(BlobStatus::CompletedWithErrors, category, code, message)
}

async fn values(
    files: &DriveFiles,
    attached: &Attached,
    kind: AttachedKind,
) -> Result<Vec<(String, String)>, Unusable> {
    let io = |error: super::drive_files::DriveFailed| Unusable(AttachedStatus::IOFailed, error.0);
    let found = files.find(&attached.path).await.map_err(io)?;
    let found = found.ok_or_else(|| {
        let what = "it was not found".to_owned();
        Unusable(AttachedStatus::FileNotFound, what)
    })?;
    if found.bytes() > BYTES_MAX {
        let what = format!("its {} bytes are too many", found.bytes());
        return Err(Unusable(AttachedStatus::Failed, what));
    }
    let bytes = files.read(&found, 0, found.bytes()).await.map_err(io)?;
    if md5_of(&bytes) != attached.hash {
        let what = "it does not have the hash that the manifest says".to_owned();
        return Err(Unusable(AttachedStatus::Corrupted, what));
    }
    kind.values(&bytes)
        .map_err(|problem| Unusable(AttachedStatus::XmlReadFailed, problem.to_string()))
}

/// The store takes names that are identifiers, and values of visible ASCII.
fn metadata_of(values: Vec<(String, String)>) -> Result<Metadata, Unusable> {
    let mut metadata = Metadata::new();
    for (name, value) in values {
        let mut letters = name.bytes();
        let begins_well = letters
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        let is_name =
            begins_well && letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            let what = format!("<{name}> cannot name metadata: letters, digits and _ can");
            return Err(Unusable(AttachedStatus::Failed, what));
        }
        let value = value.trim().to_owned();
        header_value(&name, &value)?;
        if metadata.insert(name.to_ascii_lowercase(), value).is_some() {
            let what = format!("<{name}> stands twice: case does not count");
            return Err(Unusable(AttachedStatus::Failed, what));
        }
    }
    Ok(metadata)
}

fn headers_of(values: Vec<(String, String)>) -> Result<BlobHeaders, Unusable> {
    let mut headers = BlobHeaders::default();
    for (name, value) in values {
        let value = value.trim().to_owned();
        header_value(&name, &value)?;
        let filled = (!value.is_empty()).then_some(value);
        match name.as_str() {
            "Content-Type" => headers.content_type = filled,
            "Content-Encoding" => headers.content_encoding = filled,
            "Content-Language" => headers.content_language = filled,
            "Cache-Control" => headers.cache_control = filled,
            "Content-MD5" => headers.content_md5 = filled.map(|text| md5(&text)).transpose()?,
            // What an export says of the blob that was: nothing to set.
            _ => {}
        }
    }
    Ok(headers)
}

fn md5(text: &str) -> Result<[u8; 16], Unusable> {
    let bytes = STANDARD.decode(text).ok();
    let bytes = bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    bytes.ok_or_else(|| {
        let what = format!("<Content-MD5> is {text:?}, which is no MD5 in base64");
        Unusable(AttachedStatus::Failed, what)
    })
}

fn header_value(name: &str, value: &str) -> Result<(), Unusable> {
    if value
        .bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic())
    {
        return Ok(());
    }
    let what =
        format!("<{name}> holds characters that the store does not take: only ASCII travels");
    Err(Unusable(AttachedStatus::Failed, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(values: &[(&str, &str)]) -> Vec<(String, String)> {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        values.iter().map(pair).collect()
    }

    #[test]
    fn metadata_that_the_store_would_refuse_is_refused_here() {
        assert!(metadata_of(pairs(&[("Project", "alpha"), ("_x9", "")])).is_ok());
        for wrong in [
            &[("9x", "a")][..],
            &[("a-b", "a")],
            &[("a", "é")],
            &[("a", "two\nlines")],
            &[("a", "1"), ("A", "2")],
        ] {
            assert!(metadata_of(pairs(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn properties_become_headers() {
        let headers = headers_of(pairs(&[
            ("Content-Type", "video/mp4"),
            ("Cache-Control", ""),
            ("Content-MD5", "BwcHBwcHBwcHBwcHBwcHBw=="),
            ("Content-Length", "5"),
        ]));
        let headers = headers.ok().expect("headers");
        assert_eq!(headers.content_type.as_deref(), Some("video/mp4"));
        assert_eq!(
            (headers.cache_control, headers.content_md5),
            (None, Some([7; 16]))
        );
        assert!(headers_of(pairs(&[("Content-MD5", "x")])).is_err());
    }
}
