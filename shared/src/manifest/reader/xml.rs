//! The little of XML that the grammar needs: elements, attributes, text.

use super::super::error::{ManifestError, ManifestFault, cut};
use super::source::Source;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::io::Read;

/// Pulls elements out of a source. Comments and processing instructions are passed over, a document type is refused, so
/// no entity but the five of XML itself can be named.
pub(super) struct Xml<R> {
    reader: Reader<Source<R>>,
    buffer: Vec<u8>,
    open: Vec<String>,
    line: u64,
}

/// An element that was opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
}

enum Token {
    Open(Element),
    Close,
    Text(String),
    End,
}

/// The most bytes of one text in all its pieces; a path of 32,767 units has at most 98,301.
const TEXT_BYTES_MAX: usize = 128 * 1024;
/// The grammar is five deep.
const DEPTH_MAX: usize = 16;
const ATTRIBUTES_MAX: usize = 16;

impl<R: Read> Xml<R> {
    pub(super) fn new(inner: R) -> Self {
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

    /// Returns the next element inside the innermost open one; `None` when that one closes (or, outside of all, at the
    /// end of the file).
    pub(super) fn element(&mut self) -> Result<Option<Element>, ManifestError> {
        loop {
            match self.token()? {
                Token::Open(element) => return Ok(Some(element)),
                Token::Close => return Ok(None),
                Token::Text(text) if text.chars().all(is_white) => {}
                Token::Text(text) => {
                    return Err(self.unexpected(format!("the text \"{}\"", cut(text.trim()))));
                }
                Token::End if self.open.is_empty() => return Ok(None),
                Token::End => {
                    return Err(self.fault(ManifestFault::Truncated {
                        within: self.within(),
                    }));
                }
            }
        }
    }

    /// Returns the text of the element just opened, and closes it.
    pub(super) fn text(&mut self) -> Result<String, ManifestError> {
        let within = self.within();
        let mut all = String::new();
        loop {
            match self.token()? {
                Token::Text(text) if all.len().saturating_add(text.len()) <= TEXT_BYTES_MAX => {
                    all.push_str(&text)
                }
                Token::Text(_) => {
                    return Err(self.unexpected("a text longer than 128 KiB".to_owned()));
                }
                Token::Close => return Ok(all),
                Token::Open(element) => {
                    let found = format!("<{}>", cut(&element.name));
                    return Err(self.fault(ManifestFault::Unexpected { within, found }));
                }
                Token::End => {
                    return Err(self.fault(ManifestFault::Truncated {
                        within: self.within(),
                    }));
                }
            }
        }
    }

    /// Returns MD5 and length of the whole, once [`element`](Self::element) has returned `None` outside of all.
    pub(super) fn digest(&self) -> ([u8; 16], u64) {
        self.reader.get_ref().digest()
    }

    /// Returns an error at the line of the last token.
    pub(super) fn fault(&self, fault: ManifestFault) -> ManifestError {
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

    fn token(&mut self) -> Result<Token, ManifestError> {
        loop {
            self.buffer.clear();
            self.line = self.reader.get_ref().line();
            self.reader.get_mut().next_piece();
            let line = self.line;
            let event = self
                .reader
                .read_event_into(&mut self.buffer)
                .map_err(|error| xml_error(line, error))?;
            let token = match event {
                Event::Start(start) => {
                    Token::Open(element(&start).map_err(|fault| ManifestError { line, fault })?)
                }
                Event::End(_) => Token::Close,
                Event::Text(text) => Token::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Token::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(name) => {
                    let fault = |fault| ManifestError { line, fault };
                    Token::Text(referred(&name).map_err(fault)?.to_string())
                }
                Event::Decl(declaration) => match declaration.encoding() {
                    Some(Ok(name)) if !name.eq_ignore_ascii_case("utf-8") => {
                        let what = format!("encoding {}", cut(&name));
                        return Err(ManifestError {
                            line,
                            fault: ManifestFault::NotAccepted { what },
                        });
                    }
                    _ => continue,
                },
                Event::DocType(_) => {
                    let what = "a document type".to_owned();
                    return Err(ManifestError {
                        line,
                        fault: ManifestFault::NotAccepted { what },
                    });
                }
                Event::Comment(_) | Event::PI(_) | Event::Empty(_) => continue,
                Event::Eof => Token::End,
            };
            return self.nest(token);
        }
    }

    /// Keeps the list of open elements.
    fn nest(&mut self, token: Token) -> Result<Token, ManifestError> {
        match &token {
            Token::Open(element) if self.open.len() < DEPTH_MAX => {
                self.open.push(element.name.clone())
            }
            Token::Open(element) => {
                return Err(self.unexpected(format!("<{}>: too deep", cut(&element.name))));
            }
            Token::Close => drop(self.open.pop()),
            Token::Text(_) | Token::End => {}
        }
        Ok(token)
    }
}

fn xml_error(line: u64, error: quick_xml::Error) -> ManifestError {
    let fault = match error {
        quick_xml::Error::Io(error) => {
            ManifestFault::Io(std::io::Error::new(error.kind(), error.to_string()))
        }
        other => ManifestFault::Xml {
            what: cut(&other.to_string()),
        },
    };
    ManifestError { line, fault }
}

fn element(start: &BytesStart<'_>) -> Result<Element, ManifestFault> {
    let name = start.name().as_ref().to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| ManifestFault::Xml {
            what: cut(&error.to_string()),
        })?;
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
        let value = value.map_err(|error| ManifestFault::Xml {
            what: cut(&error.to_string()),
        })?;
        if attributes.len() >= ATTRIBUTES_MAX {
            return Err(ManifestFault::Unexpected {
                within: cut(&name),
                found: "so many attributes".to_owned(),
            });
        }
        attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(Element { name, attributes })
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
