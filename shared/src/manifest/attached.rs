//! Metadata and properties files: what a row of a data set gives to all of its blobs
//! (azure-import-export.md, 5.1).
//!
//! ```text
//! <Metadata><Project>alpha</Project></Metadata>          <Properties><Content-Type>video/mp4</Content-Type></Properties>
//! ```

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use thiserror::Error;

/// Which of the two a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachedKind {
    /// Names and values of the person's own.
    Metadata,
    /// Properties that HTTP knows.
    Properties,
}

/// What is wrong with a metadata or properties file. The service would find it after the journey.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AttachedProblem {
    /// It is no XML, or cut off.
    #[error("it is no XML: {what}")]
    NotXml {
        /// What the reader says.
        what: String,
    },
    /// Its outermost element is another.
    #[error("it begins with <{found}>; expected <{expected}>")]
    Root {
        /// The element that is there.
        found: String,
        /// The one that should be.
        expected: &'static str,
    },
    /// There is none.
    #[error("it holds no <{expected}>")]
    Empty {
        /// The element that should be there.
        expected: &'static str,
    },
    /// A property that no blob takes.
    #[error("it has no property <{found}>; there are {}", PROPERTIES.join(", "))]
    Property {
        /// The element.
        found: String,
    },
    /// An element inside an element.
    #[error("<{found}> stands inside another value")]
    Nested {
        /// The inner one.
        found: String,
    },
}

/// What an import may set; what else an export writes (`Last-Modified`, `Etag`, `Content-Length`) says
/// how the blob was.
const PROPERTIES: [&str; 5] = [
    "Content-Type",
    "Content-MD5",
    "Content-Encoding",
    "Content-Language",
    "Cache-Control",
];
const OF_EXPORTS: [&str; 3] = ["Last-Modified", "Etag", "Content-Length"];

impl AttachedKind {
    const fn root(self) -> &'static str {
        match self {
            Self::Metadata => "Metadata",
            Self::Properties => "Properties",
        }
    }

    /// Checks a file's form: the root, one level of values, known properties.
    ///
    /// # Errors
    /// The first [`AttachedProblem`].
    pub fn check(self, xml: &[u8]) -> Result<(), AttachedProblem> {
        let mut reader = Reader::from_reader(xml);
        let mut buffer = Vec::new();
        let mut depth = 0_u32;
        let mut seen = false;
        loop {
            let event = reader.read_event_into(&mut buffer);
            match event.map_err(|error| AttachedProblem::NotXml {
                what: error.to_string(),
            })? {
                Event::Start(element) => {
                    self.take(&element, depth)?;
                    (depth, seen) = (depth.saturating_add(1), true);
                }
                Event::Empty(element) => {
                    self.take(&element, depth)?;
                    seen = true;
                }
                Event::End(_) => depth = depth.saturating_sub(1),
                Event::DocType(_) => {
                    let what = "a document type is not taken".to_owned();
                    return Err(AttachedProblem::NotXml { what });
                }
                Event::Eof if depth > 0 => {
                    let what = "it ends inside an element".to_owned();
                    return Err(AttachedProblem::NotXml { what });
                }
                Event::Eof => break,
                _ => {}
            }
            buffer.clear();
        }
        let expected = self.root();
        if seen {
            Ok(())
        } else {
            Err(AttachedProblem::Empty { expected })
        }
    }

    fn take(self, element: &BytesStart<'_>, depth: u32) -> Result<(), AttachedProblem> {
        let found = element.name().as_ref().to_owned();
        let expected = self.root();
        let known = || {
            PROPERTIES
                .into_iter()
                .chain(OF_EXPORTS)
                .any(|name| name == found)
        };
        match depth {
            0 if found != expected => Err(AttachedProblem::Root { found, expected }),
            1 if self == Self::Properties && !known() => Err(AttachedProblem::Property { found }),
            0 | 1 => Ok(()),
            _ => Err(AttachedProblem::Nested { found }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_forms_are_taken() {
        for (kind, xml) in [
            (
                AttachedKind::Metadata,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Metadata><Project>alpha</Project><Owner>lab7</Owner></Metadata>\n",
            ),
            (
                AttachedKind::Properties,
                "\u{feff}<Properties><Content-Type>video/mp4</Content-Type><Cache-Control/></Properties>",
            ),
            (AttachedKind::Metadata, "<Metadata/>"),
        ] {
            assert_eq!(kind.check(xml.as_bytes()), Ok(()), "{xml}");
        }
    }

    #[test]
    fn what_the_service_would_refuse_is_found_before_the_journey() {
        let said =
            |kind: AttachedKind, xml: &str| kind.check(xml.as_bytes()).expect_err(xml).to_string();
        for (kind, xml, words) in [
            (AttachedKind::Metadata, "", "holds no <Metadata>"),
            (
                AttachedKind::Metadata,
                "<Properties/>",
                "expected <Metadata>",
            ),
            (AttachedKind::Metadata, "<Metadata><a>", "ends inside"),
            (
                AttachedKind::Metadata,
                "<Metadata><a></b></Metadata>",
                "no XML",
            ),
            (
                AttachedKind::Metadata,
                "<Metadata><a><b/></a></Metadata>",
                "<b> stands inside",
            ),
            (
                AttachedKind::Metadata,
                "<!DOCTYPE x><Metadata/>",
                "document type",
            ),
            (
                AttachedKind::Properties,
                "<Properties><Colour>red</Colour></Properties>",
                "no property <Colour>",
            ),
        ] {
            let message = said(kind, xml);
            assert!(message.contains(words), "{xml}: {message}");
        }
    }
}
