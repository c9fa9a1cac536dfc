//! `<BlockList>`, `<PageRangeList>` and `<FileRangeList>`.

use super::super::blocks::{BLOCK_BYTES, BLOCKS_MAX, BlobKind, PAGE_BYTES};
use super::super::error::{ManifestError, ManifestFault};
use super::super::file::Part;
use super::fields;
use super::xml::{Element, Xml};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::io::Read;

/// The parts of a file as listed, each judged against the one before it.
pub(super) struct ListedParts {
    pub(super) kind: BlobKind,
    pub(super) parts: Vec<Part>,
    /// Length of all ids in bytes, once decoded; none when there are no ids.
    id_bytes: Option<usize>,
}

/// Files up to this length may go without block ids (they are put in one request).
const NO_IDS_MAX: u64 = 64 * 1024 * 1024;
/// More than any page blob of 8 TiB has at 4 MiB each; smaller ranges of larger blobs are not seen
/// anywhere.
const RANGES_MAX: usize = 4_000_000;
/// What is read and compared at once has to fit into memory.
const FILE_RANGE_BYTES_MAX: u64 = 128 << 20;

/// Reads a list to its end.
pub(super) fn read<R: Read>(
    xml: &mut Xml<R>,
    list: Element,
    kind: BlobKind,
) -> Result<ListedParts, ManifestError> {
    let list_name = list.name.clone();
    fields::attributes(xml, list, [])?;
    let mut listed = ListedParts {
        kind,
        parts: Vec::new(),
        id_bytes: None,
    };
    while let Some(element) = xml.element()? {
        if element.name != name(kind) {
            return Err(fields::no_child(xml, &list_name, &element));
        }
        let [at, bytes, id, hash] =
            fields::attributes(xml, element, ["Offset", "Length", "Id", "Hash"])?;
        if let Some(child) = xml.element()? {
            return Err(fields::no_child(xml, name(kind), &child));
        }
        let required = |value: Option<String>, what: &str| {
            value.ok_or_else(|| fields::missing(xml, name(kind), what))
        };
        let (at, bytes, hash) = (
            required(at, "Offset")?,
            required(bytes, "Length")?,
            required(hash, "Hash")?,
        );
        let part = part(&at, &bytes, &hash).map_err(|fault| xml.fault(fault))?;
        listed
            .push(part, id.as_deref())
            .map_err(|fault| xml.fault(fault))?;
    }
    Ok(listed)
}

fn part(at: &str, bytes: &str, hash: &str) -> Result<Part, ManifestFault> {
    let (at, bytes) = (
        fields::number("Offset", at)?,
        fields::number("Length", bytes)?,
    );
    Ok(Part {
        at,
        bytes,
        hash: fields::hash_of(hash)?,
    })
}

const fn name(kind: BlobKind) -> &'static str {
    match kind {
        BlobKind::Block => "Block",
        BlobKind::Page => "PageRange",
        BlobKind::File => "FileRange",
    }
}

impl ListedParts {
    fn push(&mut self, part: Part, id: Option<&str>) -> Result<(), ManifestFault> {
        let index = u64::try_from(self.parts.len()).unwrap_or(u64::MAX);
        let rule = |rule: &'static str| ManifestFault::Rule {
            part: name(self.kind),
            index,
            rule,
        };
        part.at
            .checked_add(part.bytes)
            .ok_or_else(|| rule("it ends beyond any file"))?;
        let next = self.next();
        match self.kind {
            BlobKind::Block => {
                if part.at != next {
                    return Err(self.gap(index, part.at, next.to_string()));
                }
                if index >= BLOCKS_MAX {
                    return Err(rule("a block blob has at most 50,000 blocks"));
                }
                self.take_id(index, id)?;
            }
            BlobKind::File => {
                if part.at != next {
                    return Err(self.gap(index, part.at, next.to_string()));
                }
                if part.bytes > FILE_RANGE_BYTES_MAX {
                    return Err(rule("a range has at most 128 MiB"));
                }
                if self.parts.len() >= RANGES_MAX {
                    return Err(rule("more ranges than any file has"));
                }
                if id.is_some() {
                    return Err(rule("ranges of a file have no Id"));
                }
            }
            BlobKind::Page => {
                if part.at < next {
                    return Err(self.gap(index, part.at, format!("{next} or later")));
                }
                if !part.at.is_multiple_of(PAGE_BYTES) || !part.bytes.is_multiple_of(PAGE_BYTES) {
                    return Err(rule("offset and length must be multiples of 512"));
                }
                if part.bytes == 0 || part.bytes > BLOCK_BYTES {
                    return Err(rule("a page range has 512 bytes to 4 MiB"));
                }
                if self.parts.len() >= RANGES_MAX {
                    return Err(rule("more page ranges than any blob has"));
                }
                if id.is_some() {
                    return Err(rule("page ranges have no Id"));
                }
            }
        }
        self.parts.push(part);
        Ok(())
    }

    /// All ids or none, base64, and equally long: Put Block refuses anything else.
    fn take_id(&mut self, index: u64, id: Option<&str>) -> Result<(), ManifestFault> {
        let rule = |rule: &'static str| ManifestFault::Rule {
            part: "Block",
            index,
            rule,
        };
        let Some(id) = id else {
            return if self.id_bytes.is_some() {
                Err(rule("the blocks before it have ids, it has none"))
            } else {
                Ok(())
            };
        };
        let bytes = BASE64
            .decode(id)
            .map_err(|_| rule("its Id is no base64"))?
            .len();
        if bytes == 0 || bytes > 64 {
            return Err(rule("an Id stands for 1 to 64 bytes"));
        }
        match self.id_bytes {
            None if index > 0 => Err(rule("it has an id, the blocks before it have none")),
            Some(before) if before != bytes => {
                Err(rule("its Id is not as long as the first block's"))
            }
            _ => {
                self.id_bytes = Some(bytes);
                Ok(())
            }
        }
    }

    /// Judges the whole against the file's length.
    pub(super) fn check(&self, bytes: u64) -> Result<(), ManifestFault> {
        let end = self.next();
        let part = name(self.kind);
        let index = u64::try_from(self.parts.len()).unwrap_or(u64::MAX);
        match self.kind {
            BlobKind::Block | BlobKind::File if end != bytes => Err(ManifestFault::Length {
                part,
                found: end,
                expected: bytes,
            }),
            BlobKind::Block if bytes > NO_IDS_MAX && self.id_bytes.is_none() => {
                Err(ManifestFault::Rule {
                    part,
                    index: 0,
                    rule: "blocks of a file over 64 MiB need ids",
                })
            }
            BlobKind::Block | BlobKind::File
                if bytes > 0 && self.parts.iter().any(|part| part.bytes == 0) =>
            {
                Err(ManifestFault::Rule {
                    part,
                    index,
                    rule: "one of those before it is empty",
                })
            }
            BlobKind::Page if end > bytes => Err(ManifestFault::Length {
                part,
                found: end,
                expected: bytes,
            }),
            BlobKind::Page if !bytes.is_multiple_of(PAGE_BYTES) => Err(ManifestFault::Rule {
                part,
                index,
                rule: "a page blob's length is a multiple of 512",
            }),
            _ => Ok(()),
        }
    }

    /// Where the next part may begin.
    fn next(&self) -> u64 {
        self.parts
            .last()
            .map_or(0, |part| part.at.saturating_add(part.bytes))
    }

    fn gap(&self, index: u64, found: u64, expected: String) -> ManifestFault {
        ManifestFault::Gap {
            part: name(self.kind),
            index,
            found,
            expected,
        }
    }
}
