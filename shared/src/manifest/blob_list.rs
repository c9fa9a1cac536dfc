//! Lists of blobs that are to be exported (azure-import-export.md, 5.2).
//!
//! ```text
//! <BlobList>
//!   <BlobPath>pictures/koala.jpg</BlobPath>          one blob; $root/logo.bmp in the root container
//!   <BlobPathPrefix>/music/love</BlobPathPrefix>     blobs of music that begin with love
//! </BlobList>                                        /music/ the container, /book containers, / everything
//! ```
//!
//! How the service writes a snapshot here is not publicly known. Ours is an attribute of `BlobPath`,
//! `Snapshot`, as the manifest has an element of that name; lists that people write need it never.

use std::collections::HashSet;
use std::io::{self, Read, Write as _};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::error::{ManifestError, cut};
use super::escape::write_escaped;
use super::reader::{Element, Xml};

/// A list, each of its lines once, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlobList {
    /// What it asks for.
    pub wanted: Vec<WantedBlobs>,
    /// Lines that were there before.
    pub duplicates: u64,
}

/// One line of a list. Names are case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WantedBlobs {
    /// Every container whose name begins so: all of them, when it is empty.
    Containers {
        /// What the names begin with.
        prefix: String,
    },
    /// The blobs of one container whose names begin so.
    Below {
        /// The container.
        container: String,
        /// What the names begin with; empty for all.
        prefix: String,
    },
    /// One blob.
    Blob {
        /// The container.
        container: String,
        /// The blob's name in it.
        name: String,
        /// The snapshot: its time as the store writes it; `None` for the blob itself.
        snapshot: Option<String>,
    },
}

/// A list that cannot be used: an order with it would end with part of the data, or none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("blob list, line {line}: {what}; {right}")]
pub struct BlobListError {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub right: String,
}

const RIGHT: &str = "a list is <BlobList> with <BlobPath>container/name</BlobPath> and \
     <BlobPathPrefix>/container/beginning</BlobPathPrefix> in it";

impl BlobList {
    /// Reads a list.
    ///
    /// # Errors
    /// [`BlobListError`]: the first line that is wrong, and what would be right.
    pub fn read(from: impl Read) -> Result<Self, BlobListError> {
        let mut xml = Xml::new(from);
        let root = xml.element().map_err(broken)?;
        let Some(root) = root.filter(|root| root.name == "BlobList") else {
            return Err(wrong(
                &xml,
                "it does not begin with <BlobList>".to_owned(),
                RIGHT,
            ));
        };
        no_attributes(&xml, &root)?;
        let (mut list, mut seen) = (Self::default(), HashSet::new());
        while let Some(element) = xml.element().map_err(broken)? {
            let wanted = one(&mut xml, element)?;
            if seen.insert(wanted.clone()) {
                list.wanted.push(wanted);
            } else {
                list.duplicates = list.duplicates.saturating_add(1);
            }
        }
        if list.wanted.is_empty() {
            return Err(wrong(&xml, "the list is empty".to_owned(), RIGHT));
        }
        if let Some(more) = xml.element().map_err(broken)? {
            let what = format!("<{}> stands behind the list", cut(&more.name));
            return Err(wrong(&xml, what, RIGHT));
        }
        Ok(list)
    }

    /// Returns the list as a file.
    ///
    /// # Errors
    /// [`super::NotXml`] inside an [`io::Error`], for a name that XML cannot hold.
    pub fn to_xml(&self) -> io::Result<Vec<u8>> {
        let mut text = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<BlobList>\r\n".to_vec();
        for wanted in &self.wanted {
            wanted.write(&mut text)?;
        }
        text.extend(b"</BlobList>\r\n");
        Ok(text)
    }
}

impl WantedBlobs {
    /// Returns the line of one blob by its path, container included; `None` for text that is none.
    #[must_use]
    pub fn blob(path: &str, snapshot: Option<&str>) -> Option<Self> {
        let (container, name) = path.split_once('/')?;
        Some(Self::Blob {
            container: container.to_owned(),
            name: name.to_owned(),
            snapshot: snapshot.map(str::to_owned),
        })
    }

    /// Returns what stands in the list for it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Containers { prefix } => format!("/{prefix}"),
            Self::Below { container, prefix } => format!("/{container}/{prefix}"),
            Self::Blob {
                container, name, ..
            } => format!("{container}/{name}"),
        }
    }

    /// Writes its line.
    fn write(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let (name, snapshot) = match self {
            Self::Blob { snapshot, .. } => ("BlobPath", snapshot.as_deref()),
            Self::Containers { .. } | Self::Below { .. } => ("BlobPathPrefix", None),
        };
        write!(out, "  <{name}")?;
        if let Some(snapshot) = snapshot {
            out.write_all(b" Snapshot=\"")?;
            write_escaped(out, snapshot)?;
            out.write_all(b"\"")?;
        }
        out.write_all(b">")?;
        write_escaped(out, &self.text())?;
        write!(out, "</{name}>\r\n")
    }
}

/// Reads one line.
fn one<R: Read>(xml: &mut Xml<R>, element: Element) -> Result<WantedBlobs, BlobListError> {
    let name = element.name.clone();
    match &*name {
        "BlobPath" => {
            let snapshot = snapshot(xml, element)?;
            let text = xml.text().map_err(broken)?;
            path(xml, &text, snapshot)
        }
        "BlobPathPrefix" => {
            no_attributes(xml, &element)?;
            let text = xml.text().map_err(broken)?;
            prefix(xml, &text)
        }
        "AzureFileList" | "FilePath" | "FilePathPrefix" => {
            let what = "Azure Files cannot be exported".to_owned();
            Err(wrong(xml, what, "take it out of the list"))
        }
        other => {
            let what = format!("<{}> is not known", cut(other));
            let near = ["BlobPath", "BlobPathPrefix"]
                .into_iter()
                .find(|known| known.eq_ignore_ascii_case(other));
            let right = match near {
                Some(near) => format!("upper and lower case count: write <{near}>"),
                None => RIGHT.to_owned(),
            };
            Err(wrong(xml, what, right))
        }
    }
}

fn path<R: Read>(
    xml: &Xml<R>,
    text: &str,
    snapshot: Option<String>,
) -> Result<WantedBlobs, BlobListError> {
    let found = |what: &str| format!("<BlobPath>{}</BlobPath> {what}", cut(text));
    if let Some(relative) = text.strip_prefix('/') {
        let right = format!("write <BlobPath>{}</BlobPath>", cut(relative));
        return Err(wrong(
            xml,
            found("begins with a slash, as only prefixes do"),
            right,
        ));
    }
    let parts = text.split_once('/');
    match parts.filter(|(container, name)| !container.is_empty() && !name.is_empty()) {
        Some((container, name)) => Ok(WantedBlobs::Blob {
            container: container.to_owned(),
            name: name.to_owned(),
            snapshot,
        }),
        None => {
            let name = text.trim_matches('/');
            let right = match (name, parts) {
                ("", _) => "write <BlobPath>container/name</BlobPath>".to_owned(),
                (_, None) => format!(
                    "for a blob of the root container write <BlobPath>$root/{}</BlobPath>",
                    cut(name)
                ),
                (_, Some(_)) => format!(
                    "for a whole container write <BlobPathPrefix>/{}/</BlobPathPrefix>",
                    cut(name)
                ),
            };
            Err(wrong(xml, found("is not container/name"), right))
        }
    }
}

fn prefix<R: Read>(xml: &Xml<R>, text: &str) -> Result<WantedBlobs, BlobListError> {
    let Some(path) = text.strip_prefix('/') else {
        let what = format!(
            "<BlobPathPrefix>{}</BlobPathPrefix> does not begin with a slash",
            cut(text)
        );
        let right = format!("write <BlobPathPrefix>/{}</BlobPathPrefix>", cut(text));
        return Err(wrong(xml, what, right));
    };
    match path.split_once('/') {
        None => Ok(WantedBlobs::Containers {
            prefix: path.to_owned(),
        }),
        Some(("", _)) => {
            let what = format!(
                "<BlobPathPrefix>{}</BlobPathPrefix> names no container",
                cut(text)
            );
            Err(wrong(
                xml,
                what,
                "write <BlobPathPrefix>/container/beginning</BlobPathPrefix>",
            ))
        }
        Some((container, prefix)) => Ok(WantedBlobs::Below {
            container: container.to_owned(),
            prefix: prefix.to_owned(),
        }),
    }
}

fn snapshot<R: Read>(xml: &Xml<R>, element: Element) -> Result<Option<String>, BlobListError> {
    let mut snapshot = None;
    for (name, value) in element.attributes {
        if name != "Snapshot" || value.is_empty() {
            return Err(unknown_attribute(xml, &name));
        }
        snapshot = Some(value);
    }
    Ok(snapshot)
}

fn no_attributes<R: Read>(xml: &Xml<R>, element: &Element) -> Result<(), BlobListError> {
    match element.attributes.first() {
        Some((name, _)) => Err(unknown_attribute(xml, name)),
        None => Ok(()),
    }
}

fn unknown_attribute<R: Read>(xml: &Xml<R>, name: &str) -> BlobListError {
    wrong(
        xml,
        format!("the attribute {} is not known", cut(name)),
        "take it out",
    )
}

fn wrong<R: Read>(xml: &Xml<R>, what: String, right: impl Into<String>) -> BlobListError {
    BlobListError {
        line: xml.line(),
        what,
        right: right.into(),
    }
}

fn broken(error: ManifestError) -> BlobListError {
    BlobListError {
        line: error.line,
        what: error.fault.to_string(),
        right: RIGHT.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &str) -> Result<BlobList, BlobListError> {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<BlobList>\n{lines}\n</BlobList>\n"
        );
        BlobList::read(text.as_bytes())
    }

    #[test]
    fn every_kind_of_line_of_the_public_table_selects_what_it_says() {
        let containers = |prefix: &str| WantedBlobs::Containers {
            prefix: prefix.to_owned(),
        };
        let below = |container: &str, prefix: &str| WantedBlobs::Below {
            container: container.to_owned(),
            prefix: prefix.to_owned(),
        };
        let blob = |container: &str, name: &str| WantedBlobs::Blob {
            container: container.to_owned(),
            name: name.to_owned(),
            snapshot: None,
        };
        for (line, wanted) in [
            ("<BlobPathPrefix>/</BlobPathPrefix>", containers("")),
            (
                "<BlobPathPrefix>/$root/</BlobPathPrefix>",
                below("$root", ""),
            ),
            ("<BlobPathPrefix>/book</BlobPathPrefix>", containers("book")),
            (
                "<BlobPathPrefix>/music/</BlobPathPrefix>",
                below("music", ""),
            ),
            (
                "<BlobPathPrefix>/music/love</BlobPathPrefix>",
                below("music", "love"),
            ),
            (
                "<BlobPath>$root/logo.bmp</BlobPath>",
                blob("$root", "logo.bmp"),
            ),
            (
                "<BlobPath>videos/a &amp; b/s.mp4</BlobPath>",
                blob("videos", "a & b/s.mp4"),
            ),
        ] {
            assert_eq!(list(line).expect(line).wanted, [wanted], "{line}");
        }
    }

    #[test]
    fn a_line_that_comes_again_is_counted_and_case_makes_a_difference() {
        let read = list("<BlobPath>c/a</BlobPath><BlobPath>c/A</BlobPath><BlobPath>c/a</BlobPath>");
        let read = read.expect("right");
        assert_eq!((read.wanted.len(), read.duplicates), (2, 1));
    }

    #[test]
    fn a_wrong_line_is_named_with_what_would_be_right() {
        for (lines, line, right) in [
            ("<BlobPath>/c/a</BlobPath>", 3, "<BlobPath>c/a</BlobPath>"),
            (
                "\n<BlobPath>logo.bmp</BlobPath>",
                4,
                "<BlobPath>$root/logo.bmp</BlobPath>",
            ),
            (
                "<BlobPath>music/</BlobPath>",
                3,
                "<BlobPathPrefix>/music/</BlobPathPrefix>",
            ),
            (
                "<BlobPathPrefix>music</BlobPathPrefix>",
                3,
                "<BlobPathPrefix>/music</BlobPathPrefix>",
            ),
            (
                "<BlobPathPrefix>//x</BlobPathPrefix>",
                3,
                "/container/beginning",
            ),
            ("<blobpath>c/a</blobpath>", 3, "write <BlobPath>"),
            ("<BlobPath Id=\"1\">c/a</BlobPath>", 3, "take it out"),
            ("<AzureFileList/>", 3, "take it out of the list"),
            ("", 4, "<BlobPath>container/name</BlobPath>"),
            ("<BlobPath>c/a", 4, "a list is <BlobList>"),
        ] {
            let error = list(lines).expect_err(lines);
            assert_eq!(error.line, line, "{error}");
            assert!(error.to_string().contains(right), "{error}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let wanted = vec![
            WantedBlobs::Containers {
                prefix: "a".to_owned(),
            },
            WantedBlobs::Below {
                container: "c".to_owned(),
                prefix: "x<y".to_owned(),
            },
            WantedBlobs::Blob {
                container: "c".to_owned(),
                name: " odd & \"quoted\" \u{1f980} ".to_owned(),
                snapshot: Some("2026-11-28T10:51:43.1234567Z".to_owned()),
            },
        ];
        let written = BlobList {
            wanted,
            duplicates: 0,
        };
        let xml = written.to_xml().expect("XML holds these");
        assert_eq!(BlobList::read(xml.as_slice()), Ok(written));
    }

    #[test]
    fn a_name_that_xml_cannot_hold_is_never_left_out_in_silence() {
        let list = BlobList {
            wanted: WantedBlobs::blob("c/a\u{1}", None).into_iter().collect(),
            duplicates: 0,
        };
        let error = list.to_xml().expect_err("no XML holds it");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
