//! The properties and metadata files that lie beside an exported blob (azure-import-export.md, 4.1
//! and 5.1).

use super::blob::ExportBlob;
use crate::manifest::{check_text, write_escaped};

/// What the properties file is called behind the blob's own name.
pub const PROPERTIES_SUFFIX: &str = ".properties";
/// What the metadata file is called. How the service calls it is not publicly known; the manifest
/// names it, and that is what readers go by.
pub const METADATA_SUFFIX: &str = ".metadata";

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n";

impl ExportBlob {
    /// Returns the properties file of the blob, which is `bytes` long.
    #[must_use]
    pub fn properties_file(&self, bytes: u64) -> Vec<u8> {
        let held = &self.properties;
        let length = bytes.to_string();
        let values = [
            ("Content-Type", held.content_type.as_deref()),
            ("Content-MD5", held.content_md5.as_deref()),
            ("Content-Encoding", held.content_encoding.as_deref()),
            ("Content-Language", held.content_language.as_deref()),
            ("Cache-Control", held.cache_control.as_deref()),
            ("Last-Modified", held.last_modified.as_deref()),
            ("Etag", Some(&*self.etag)),
            ("Content-Length", Some(length.as_str())),
        ];
        let values = values
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        document("Properties", values)
    }

    /// Returns the metadata file of the blob; `None` when it has no metadata.
    #[must_use]
    pub fn metadata_file(&self) -> Option<Vec<u8>> {
        let values = self.metadata.iter();
        let values = values.map(|(name, value)| (element_name(name), &**value));
        (!self.metadata.is_empty()).then(|| document("Metadata", values))
    }
}

fn document<'a>(root: &str, values: impl Iterator<Item = (String, &'a str)>) -> Vec<u8> {
    let mut text = format!("{HEAD}<{root}>").into_bytes();
    for (name, value) in values {
        text.extend(format!("<{name}>").bytes());
        write_escaped(&mut text, &clean(value)).expect("memory takes all, and it was cleaned");
        text.extend(format!("</{name}>").bytes());
    }
    text.extend(format!("</{root}>\r\n").bytes());
    text
}

/// Returns a value as XML can hold it.
fn clean(value: &str) -> String {
    let held = |c: char| check_text(c.encode_utf8(&mut [0; 4])).is_ok();
    value
        .chars()
        .map(|c| if held(c) { c } else { '\u{fffd}' })
        .collect()
}

/// Returns a metadata name as an element's. Names are identifiers, which XML takes as they are; what
/// is not is written as .NET's `XmlConvert.EncodeName` does: `_x0040_`.
fn element_name(name: &str) -> String {
    let mut element = String::with_capacity(name.len());
    for (at, c) in name.char_indices() {
        let starts = c.is_ascii_alphabetic() || c == '_';
        if starts || (at > 0 && (c.is_ascii_digit() || matches!(c, '-' | '.'))) {
            element.push(c);
        } else {
            element.push_str(&format!("_x{:04X}_", u32::from(c)));
        }
    }
    element
}

#[cfg(test)]
mod tests {
    use super::super::{StoredKind, StoredProperties};
    use super::*;
    use crate::manifest::AttachedKind;

    fn blob() -> ExportBlob {
        ExportBlob {
            path: None,
            snapshot: None,
            kind: StoredKind::Block,
            etag: "0x8D8".into(),
            properties: StoredProperties {
                content_type: Some("text/plain; a=\"b&c\"".into()),
                last_modified: Some("Sat, 28 Nov 2026 10:51:43 GMT".into()),
                ..StoredProperties::default()
            },
            metadata: vec![
                ("Owner".into(), "lab<7>\u{1}".into()),
                ("1st".into(), "".into()),
            ],
        }
    }

    #[test]
    fn a_blobs_files_are_of_the_public_form_and_hold_what_the_store_said() {
        let properties = blob().properties_file(17);
        assert_eq!(AttachedKind::Properties.check(&properties), Ok(()));
        let text = String::from_utf8(properties).expect("UTF-8");
        for held in [
            "<Content-Type>text/plain; a=&quot;b&amp;c&quot;</Content-Type>",
            "<Last-Modified>Sat, 28 Nov 2026 10:51:43 GMT</Last-Modified><Etag>0x8D8</Etag>",
            "<Content-Length>17</Content-Length></Properties>",
        ] {
            assert!(text.contains(held), "{text}");
        }
        assert!(!text.contains("Content-MD5"));
        let metadata = blob().metadata_file().expect("it has some");
        assert_eq!(AttachedKind::Metadata.check(&metadata), Ok(()));
        let text = String::from_utf8(metadata).expect("UTF-8");
        let held =
            "<Metadata><Owner>lab&lt;7&gt;\u{fffd}</Owner><_x0031_st></_x0031_st></Metadata>";
        assert!(text.contains(held), "{text}");
    }

    #[test]
    fn a_blob_without_metadata_has_no_file_for_it() {
        let none = ExportBlob {
            metadata: Vec::new(),
            ..blob()
        };
        assert_eq!(none.metadata_file(), None);
    }
}
