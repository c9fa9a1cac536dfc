//! The little of XML that the grammar needs: elements, attributes, text.

use super::super::error::{ManifestError, ManifestFault, cut};
use super::source::Source;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use std::borrow::Cow;
use std::io::Read;

/// Pulls elements out of a source. Comments and processing instructions are passed over, a document
/// type is refused, so no entity but the five of XML itself can be named.
pub(in crate::manifest) struct Xml<R> {
    reader: Reader<Source<R>>,
    buffer: Vec<u8>,
    open: Vec<Name>,
    line: u64,
}

/// An element that was opened.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::manifest) struct Element {
    pub(in crate::manifest) name: Name,
    pub(in crate::manifest) attributes: Vec<(Name, String)>,
}

/// A name; those of the grammar take no memory, and a manifest of a million files has ten million
/// of them.
pub(in crate::manifest) type Name = Cow<'static, str>;

enum Token {
    Open(Element),
    Close,
    End,
}

/// What becomes of text that comes before the next token.
enum TextGoes<'a> {
    /// White space is passed over, anything else refused.
    Nowhere,
    /// It is appended.
    Into(&'a mut String),
}

/// The most bytes of one text in all its pieces; a path of 32,767 units has at most 98,301.
const TEXT_BYTES_MAX: usize = 128 * 1024;
/// The grammar is five deep.
const DEPTH_MAX: usize = 16;
const ATTRIBUTES_MAX: usize = 16;

impl<R: Read> Xml<R> {
    pub(in crate::manifest) fn new(inner: R) -> Self {
        let mut reader = Reader::from_reader(Source::new(inner));
        reader.config_mut().expand_empty_elements = true;
        reader.config_mut().check_comments = true;
        Self {
            reader,
            buffer: Vec::new(),
            open: Vec::new(),
            line: 1,
        }
    }

    /// Returns the next element inside the innermost open one; `None` when that one closes (or,
    /// outside of all, at the end of the file).
    pub(in crate::manifest) fn element(&mut self) -> Result<Option<Element>, ManifestError> {
        match self.token(TextGoes::Nowhere)? {
            Token::Open(element) => Ok(Some(element)),
            Token::Close => Ok(None),
            Token::End if self.open.is_empty() => Ok(None),
            Token::End => Err(self.truncated()),
        }
    }

    /// Returns the text of the element just opened, and closes it.
    pub(in crate::manifest) fn text(&mut self) -> Result<String, ManifestError> {
        let mut all = String::new();
        match self.token(TextGoes::Into(&mut all))? {
            Token::Close => Ok(all),
            Token::End => Err(self.truncated()),
            Token::Open(element) => {
                self.open.pop();
                Err(self.unexpected(format!("<{}>", cut(&element.name))))
            }
        }
    }

    /// Returns MD5 and length of the whole, once [`element`](Self::element) has returned `None`
    /// outside of all.
    pub(super) fn digest(&self) -> ([u8; 16], u64) {
        self.reader.get_ref().digest()
    }

    /// Returns the line of the last token, from 1.
    pub(in crate::manifest) const fn line(&self) -> u64 {
        self.line
    }

    /// Returns an error at the line of the last token.
    pub(in crate::manifest) fn fault(&self, fault: ManifestFault) -> ManifestError {
        ManifestError {
            line: self.line,
            fault,
        }
    }

    /// Returns an error about something that cannot stand in the innermost open element.
    pub(super) fn unexpected(&self, found: String) -> ManifestError {
        self.fault(ManifestFault::Unexpected {
            within: self.within(),
            found,
        })
    }

    /// Returns the innermost open element's name.
    pub(super) fn within(&self) -> String {
        self.open
            .last()
            .map_or_else(|| "the file".to_owned(), |name| cut(name))
    }

    fn truncated(&self) -> ManifestError {
        self.fault(ManifestFault::Truncated {
            within: self.within(),
        })
    }

    fn token(&mut self, mut text: TextGoes<'_>) -> Result<Token, ManifestError> {
        loop {
            self.buffer.clear();
            self.line = self.reader.get_ref().line();
            self.reader.get_mut().next_piece();
            let fault = |fault| ManifestError {
                line: self.line,
                fault,
            };
            let event = self.reader.read_event_into(&mut self.buffer);
            let more = match event.map_err(|error| fault(xml_fault(error)))? {
                Event::Start(start) => {
                    let element = element(&start).map_err(fault)?;
                    return self.nest(element);
                }
                Event::End(_) => {
                    self.open.pop();
                    return Ok(Token::Close);
                }
                Event::Eof => return Ok(Token::End),
                Event::Text(more) => text.take(&more.xml10_content()),
                Event::CData(more) => text.take(&more.xml10_content()),
                Event::GeneralRef(name) => {
                    let c = referred(&name).map_err(fault)?;
                    text.take(c.encode_utf8(&mut [0; 4]))
                }
                Event::Decl(declaration) => {
                    check_encoding(&declaration).map_err(fault).map(|()| None)?
                }
                Event::DocType(_) => {
                    return Err(fault(ManifestFault::NotAccepted {
                        what: "a document type".to_owned(),
                    }));
                }
                Event::Comment(_) | Event::PI(_) | Event::Empty(_) => None,
            };
            if let Some(found) = more {
                return Err(self.unexpected(found));
            }
        }
    }

    /// Keeps the list of open elements.
    fn nest(&mut self, element: Element) -> Result<Token, ManifestError> {
        if self.open.len() >= DEPTH_MAX {
            return Err(self.unexpected(format!("<{}>: too deep", cut(&element.name))));
        }
        self.open.push(element.name.clone());
        Ok(Token::Open(element))
    }
}

impl TextGoes<'_> {
    /// Takes text, or returns what is wrong with it.
    fn take(&mut self, more: &str) -> Option<String> {
        match self {
            Self::Nowhere if more.chars().all(is_white) => None,
            Self::Nowhere => Some(format!("the text \"{}\"", cut(more.trim()))),
            Self::Into(all) if all.len().saturating_add(more.len()) > TEXT_BYTES_MAX => {
                Some("a text longer than 128 KiB".to_owned())
            }
            Self::Into(all) => {
                all.push_str(more);
                None
            }
        }
    }
}

fn check_encoding(declaration: &BytesDecl<'_>) -> Result<(), ManifestFault> {
    match declaration.encoding() {
        Some(Ok(name)) if !name.eq_ignore_ascii_case("utf-8") => Err(ManifestFault::NotAccepted {
            what: format!("encoding {}", cut(&name)),
        }),
        _ => Ok(()),
    }
}

fn xml_fault(error: quick_xml::Error) -> ManifestFault {
    match error {
        quick_xml::Error::Io(error) => {
            ManifestFault::Io(std::io::Error::new(error.kind(), error.to_string()))
        }
        other => ill_formed(&other),
    }
}

fn ill_formed(error: &impl std::fmt::Display) -> ManifestFault {
    ManifestFault::Xml {
        what: cut(&error.to_string()),
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, ManifestFault> {
    let name = name_of(start.name().into_inner());
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| ill_formed(&error))?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| ill_formed(&error))?;
        if attributes.len() >= ATTRIBUTES_MAX {
            let found = "so many attributes".to_owned();
            return Err(ManifestFault::Unexpected {
                within: cut(&name),
                found,
            });
        }
        attributes.push((name_of(attribute.key.into_inner()), value.into_owned()));
    }
    Ok(Element { name, attributes })
}

fn name_of(name: &str) -> Name {
    let known = NAMES.iter().find(|known| **known == name);
    known.map_or_else(
        || Name::Owned(name.to_owned()),
        |known| Name::Borrowed(known),
    )
}

/// The character of `&amp;` or `&#x41;`.
fn referred(name: &BytesRef<'_>) -> Result<char, ManifestFault> {
    let number = name
        .resolve_char_ref()
        .map_err(|error| ManifestFault::Xml {
            what: cut(&error.to_string()),
        })?;
    let text: &str = name;
    match (number, text) {
        (Some(c), _) if super::super::escape::check_text(c.encode_utf8(&mut [0; 4])).is_ok() => {
            Ok(c)
        }
        (None, "amp") => Ok('&'),
        (None, "lt") => Ok('<'),
        (None, "gt") => Ok('>'),
        (None, "quot") => Ok('"'),
        (None, "apos") => Ok('\''),
        _ => Err(ManifestFault::NotAccepted {
            what: format!("the reference &{};", cut(text)),
        }),
    }
}

const fn is_white(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// The grammar's names, the frequent ones first.
const NAMES: [&str; 24] = [
    "Block",
    "Offset",
    "Length",
    "Id",
    "Hash",
    "PageRange",
    "Blob",
    "BlobPath",
    "FilePath",
    "ImportDisposition",
    "BlockList",
    "PageRangeList",
    "MetadataPath",
    "PropertiesPath",
    "ClientData",
    "Snapshot",
    "BlobList",
    "ClientCreator",
    "DriveId",
    "Drive",
    "DriveManifest",
    "Version",
    "StorageAccountKey",
    "ContainerSas",
];
