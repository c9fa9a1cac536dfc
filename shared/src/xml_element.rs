//! Small XML as elements in memory: logs and what hangs on blobs. Manifests stream, by their own reader.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use thiserror::Error;

/// An element with all that is inside it. Text of several pieces is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Self>,
}

/// XML that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no XML that can be read, near byte {at}: {what}")]
pub struct NoXml {
    /// Where, in bytes from the start.
    pub at: u64,
    /// What is wrong.
    pub what: String,
}

/// Reads elements one after the other: all of a file without a root, or those inside one.
pub(crate) struct Elements<'a> {
    reader: Reader<&'a [u8]>,
    /// Whether a root was entered that has to close.
    inside: bool,
}

/// Deeper than any of them is.
const DEPTH_MAX: usize = 12;

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Returns the text of a child without blanks around it; empty where there is none.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.trim())
    }
}

impl<'a> Elements<'a> {
    pub(crate) fn new(xml: &'a [u8]) -> Self {
        let xml = xml.strip_prefix(b"\xef\xbb\xbf").unwrap_or(xml);
        let mut reader = Reader::from_reader(xml);
        reader.config_mut().expand_empty_elements = true;
        Self {
            reader,
            inside: false,
        }
    }

    /// Enters the next element, whose children come next; its own attributes are returned with it.
    pub(crate) fn enter(&mut self) -> Result<Option<Element>, NoXml> {
        loop {
            let event = self.reader.read_event();
            match event.map_err(|error| self.fault(&error))? {
                Event::Start(start) => {
                    let element = self.opened(&start)?;
                    self.inside = true;
                    return Ok(Some(element));
                }
                Event::Eof => return Ok(None),
                Event::DocType(_) => return Err(self.fault(&"a document type is not taken")),
                Event::Text(text) if !text.xml10_content().trim().is_empty() => {
                    return Err(self.fault(&"text outside of all elements"));
                }
                _ => {}
            }
        }
    }

    /// Returns the next element, whole; `None` where the one that was entered closes, or at the file's end.
    pub(crate) fn next(&mut self) -> Result<Option<Element>, NoXml> {
        let mut open: Vec<Element> = Vec::new();
        loop {
            let event = self.reader.read_event();
            match event.map_err(|error| self.fault(&error))? {
                Event::Start(start) => {
                    if open.len() >= DEPTH_MAX {
                        return Err(self.fault(&"elements too deep"));
                    }
                    open.push(self.opened(&start)?);
                }
                Event::End(_) => {
                    let Some(done) = open.pop() else {
                        self.inside = false;
                        return Ok(None);
                    };
                    match open.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None => return Ok(Some(done)),
                    }
                }
                Event::Eof if open.is_empty() && !self.inside => return Ok(None),
                Event::Eof => return Err(self.fault(&"it ends inside an element")),
                Event::Text(text) => add(&mut open, &text.xml10_content()),
                Event::CData(text) => add(&mut open, &text.xml10_content()),
                Event::GeneralRef(name) => {
                    let c = self.referred(&name)?;
                    add(&mut open, c.encode_utf8(&mut [0; 4]));
                }
                Event::DocType(_) => return Err(self.fault(&"a document type is not taken")),
                _ => {}
            }
        }
    }

    fn opened(&self, start: &BytesStart<'_>) -> Result<Element, NoXml> {
        let mut element = Element {
            name: start.name().into_inner().to_owned(),
            ..Element::default()
        };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| self.fault(&error))?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| self.fault(&error))?;
            let name = attribute.key.into_inner().to_owned();
            element.attributes.push((name, value.into_owned()));
        }
        Ok(element)
    }

    fn referred(&self, name: &BytesRef<'_>) -> Result<char, NoXml> {
        let number = name
            .resolve_char_ref()
            .map_err(|error| self.fault(&error))?;
        let text: &str = name;
        match (number, text) {
            (Some(c), _) => Ok(c),
            (None, "amp") => Ok('&'),
            (None, "lt") => Ok('<'),
            (None, "gt") => Ok('>'),
            (None, "quot") => Ok('"'),
            (None, "apos") => Ok('\''),
            _ => Err(self.fault(&"a reference to an entity of its own")),
        }
    }

    fn fault(&self, what: &dyn std::fmt::Display) -> NoXml {
        NoXml {
            at: self.reader.buffer_position(),
            what: what.to_string(),
        }
    }
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}
