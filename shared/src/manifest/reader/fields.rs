//! The children of a `<Blob>`, and of a `<File>`, which is one of Azure Files.

use super::super::blocks::{BlobKind, parts};
use super::super::error::{ManifestError, ManifestFault, cut};
use super::super::escape::check_text;
use super::super::file::{Attached, Disposition, ManifestFile, Part, Ranges};
use super::ranges::{self, ListedParts};
use super::xml::{Element, Xml};
use crate::hash::from_hex;
use std::io::Read;

/// What was read of a blob so far; each child at most once, in any order.
#[derive(Default)]
pub(super) struct Fields {
    is_file: bool,
    blob: Option<String>,
    path: Option<String>,
    bytes: Option<u64>,
    disposition: Option<Disposition>,
    snapshot: Option<String>,
    parts: Option<ListedParts>,
    metadata: Option<Attached>,
    properties: Option<Attached>,
}

impl Fields {
    pub(super) fn new(is_file: bool) -> Self {
        Self {
            is_file,
            ..Self::default()
        }
    }

    const fn within(&self) -> &'static str {
        if self.is_file { "File" } else { "Blob" }
    }

    /// Reads one child to its end.
    pub(super) fn take<R: Read>(
        &mut self,
        xml: &mut Xml<R>,
        element: Element,
    ) -> Result<(), ManifestError> {
        match element.name.as_ref() {
            "BlobPath" if !self.is_file => once(&mut self.blob, xml, element, blob_path),
            "FileStoragePath" if self.is_file => once(&mut self.blob, xml, element, blob_path),
            "FilePath" => once(&mut self.path, xml, element, file_path),
            "Length" => once(&mut self.bytes, xml, element, |xml, _| number_text(xml)),
            "ImportDisposition" => once(&mut self.disposition, xml, element, |xml, _| {
                disposition(xml)
            }),
            "FileRangeList" if self.is_file => {
                once(&mut self.parts, xml, element, |xml, element| {
                    ranges::read(xml, element, BlobKind::File)
                })
            }
            "BlockList" if !self.is_file => once(&mut self.parts, xml, element, |xml, element| {
                ranges::read(xml, element, BlobKind::Block)
            }),
            "PageRangeList" if !self.is_file => {
                once(&mut self.parts, xml, element, |xml, element| {
                    ranges::read(xml, element, BlobKind::Page)
                })
            }
            "MetadataPath" => once(&mut self.metadata, xml, element, attached),
            "PropertiesPath" => once(&mut self.properties, xml, element, attached),
            "Snapshot" => once(&mut self.snapshot, xml, element, |xml, _| {
                plain_text(xml, "Snapshot")
            }),
            "ClientData" => xml.text().map(drop),
            _ => Err(no_child(xml, self.within(), &element)),
        }
    }

    /// Judges the whole; `defaults` are the list's metadata and properties.
    pub(super) fn finish<R: Read>(
        self,
        xml: &Xml<R>,
        defaults: (Option<&Attached>, Option<&Attached>),
    ) -> Result<ManifestFile, ManifestError> {
        let (within, name, list) = if self.is_file {
            (self.within(), "<FileStoragePath>", "<FileRangeList>")
        } else {
            let lists = "<BlockList> or <PageRangeList>";
            (self.within(), "<BlobPath>", lists)
        };
        let lacks = |what: &str| missing(xml, within, what);
        let blob = self.blob.ok_or_else(|| lacks(name))?;
        let path = self.path.ok_or_else(|| lacks("<FilePath>"))?;
        let bytes = self.bytes.ok_or_else(|| lacks("<Length>"))?;
        let listed = self.parts.ok_or_else(|| lacks(list))?;
        listed.check(bytes).map_err(|fault| xml.fault(fault))?;
        let by_rule = listed
            .parts
            .iter()
            .map(|part| (part.at, part.bytes))
            .eq(parts(bytes, listed.kind));
        let ranges = if by_rule {
            Ranges::Rule
        } else {
            Ranges::Listed(pairs(&listed.parts))
        };
        Ok(ManifestFile {
            path,
            blob,
            bytes,
            kind: listed.kind,
            hashes: listed.parts.iter().map(|part| part.hash).collect(),
            ranges,
            disposition: self.disposition,
            snapshot: self.snapshot,
            metadata: self.metadata.or_else(|| defaults.0.cloned()),
            properties: self.properties.or_else(|| defaults.1.cloned()),
        })
    }
}

fn pairs(parts: &[Part]) -> Vec<(u64, u64)> {
    parts.iter().map(|part| (part.at, part.bytes)).collect()
}

fn once<R: Read, T>(
    slot: &mut Option<T>,
    xml: &mut Xml<R>,
    element: Element,
    read: impl FnOnce(&mut Xml<R>, Element) -> Result<T, ManifestError>,
) -> Result<(), ManifestError> {
    if slot.is_some() {
        return Err(repeated(xml, "Blob", &element.name));
    }
    *slot = Some(read(xml, element)?);
    Ok(())
}

/// Returns the values of the attributes in `names`, in that order; refuses any other.
pub(super) fn attributes<const N: usize, R: Read>(
    xml: &Xml<R>,
    element: Element,
    names: [&str; N],
) -> Result<[Option<String>; N], ManifestError> {
    let mut values = [const { None }; N];
    for (name, value) in element.attributes {
        let slot = names
            .iter()
            .zip(&mut values)
            .find(|(known, _)| **known == name)
            .map(|(_, slot)| slot);
        let Some(slot) = slot else {
            let found = format!("the attribute {}", cut(&name));
            return Err(xml.fault(ManifestFault::Unexpected {
                within: element.name.into_owned(),
                found,
            }));
        };
        *slot = Some(value);
    }
    Ok(values)
}

/// Reads a metadata or properties reference.
pub(super) fn attached<R: Read>(
    xml: &mut Xml<R>,
    element: Element,
) -> Result<Attached, ManifestError> {
    let name = element.name.clone();
    let [hash] = attributes(xml, element, ["Hash"])?;
    let hash = hash.ok_or_else(|| missing(xml, &name, "Hash"))?;
    let hash = hash_of(&hash).map_err(|fault| xml.fault(fault))?;
    let path = drive_path(xml)?;
    Ok(Attached { path, hash })
}

/// Reads the text of an element that may not be empty.
pub(super) fn plain_text<R: Read>(
    xml: &mut Xml<R>,
    what: &'static str,
) -> Result<String, ManifestError> {
    let text = xml.text()?;
    if text.trim().is_empty() || check_text(&text).is_err() {
        let found = cut(&text);
        return Err(xml.fault(ManifestFault::Value {
            what,
            found,
            expected: "text without control characters",
        }));
    }
    Ok(text)
}

fn blob_path<R: Read>(xml: &mut Xml<R>, element: Element) -> Result<String, ManifestError> {
    attributes(xml, element, [])?;
    let text = plain_text(xml, "BlobPath")?;
    let whole = text
        .split_once('/')
        .is_some_and(|(container, name)| !container.is_empty() && !name.is_empty());
    if whole {
        Ok(text)
    } else {
        Err(value(
            xml,
            "BlobPath",
            &text,
            "container/name without a leading slash",
        ))
    }
}

fn file_path<R: Read>(xml: &mut Xml<R>, element: Element) -> Result<String, ManifestError> {
    attributes(xml, element, [])?;
    drive_path(xml)
}

/// A path from the drive's root, which cannot lead out of it.
fn drive_path<R: Read>(xml: &mut Xml<R>) -> Result<String, ManifestError> {
    let text = plain_text(xml, "FilePath")?;
    let good = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('/');
    let whole = text
        .strip_prefix('\\')
        .is_some_and(|path| path.split('\\').all(good));
    if whole {
        Ok(text)
    } else {
        Err(value(
            xml,
            "FilePath",
            &text,
            "\\folder\\name from the drive's root",
        ))
    }
}

fn disposition<R: Read>(xml: &mut Xml<R>) -> Result<Disposition, ManifestError> {
    let text = xml.text()?;
    let expected = "rename, no-overwrite or overwrite";
    Disposition::from_code(&text).ok_or_else(|| value(xml, "ImportDisposition", &text, expected))
}

fn number_text<R: Read>(xml: &mut Xml<R>) -> Result<u64, ManifestError> {
    let text = xml.text()?;
    number("Length", &text).map_err(|fault| xml.fault(fault))
}

/// Reads decimal digits and nothing else.
pub(super) fn number(what: &'static str, text: &str) -> Result<u64, ManifestFault> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.ok_or_else(|| ManifestFault::Value {
        what,
        found: cut(text),
        expected: "a number of bytes",
    })
}

/// Reads an MD5 in Base16 of either case.
pub(super) fn hash_of(text: &str) -> Result<[u8; 16], ManifestFault> {
    from_hex(text).ok_or_else(|| ManifestFault::Value {
        what: "Hash",
        found: cut(text),
        expected: "an MD5 in 32 hexadecimal digits",
    })
}

fn value<R: Read>(
    xml: &Xml<R>,
    what: &'static str,
    found: &str,
    expected: &'static str,
) -> ManifestError {
    xml.fault(ManifestFault::Value {
        what,
        found: cut(found),
        expected,
    })
}

/// An element or attribute that is not there.
pub(super) fn missing<R: Read>(xml: &Xml<R>, within: &str, missing: &str) -> ManifestError {
    xml.fault(ManifestFault::Missing {
        within: within.to_owned(),
        missing: missing.to_owned(),
    })
}

/// An element that is there twice.
pub(super) fn repeated<R: Read>(xml: &Xml<R>, within: &str, repeated: &str) -> ManifestError {
    xml.fault(ManifestFault::Repeated {
        within: within.to_owned(),
        repeated: cut(repeated),
    })
}

/// An element that the grammar does not have there.
pub(super) fn no_child<R: Read>(xml: &Xml<R>, within: &str, element: &Element) -> ManifestError {
    xml.fault(ManifestFault::Unexpected {
        within: within.to_owned(),
        found: format!("<{}>", cut(&element.name)),
    })
}
