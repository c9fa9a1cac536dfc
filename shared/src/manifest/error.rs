//! What can be wrong with a manifest.

use thiserror::Error;

/// A manifest that cannot be believed, and the line where that shows.
#[derive(Debug, Error)]
#[error("manifest, line {line}: {fault}")]
pub struct ManifestError {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub fault: ManifestFault,
}

/// What is wrong with a manifest.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ManifestFault {
    /// The reader failed, or an element is longer than any that can be meant.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It is not well-formed XML.
    #[error("not well-formed: {what}")]
    Xml {
        /// The parser's words.
        what: String,
    },
    /// A document type, an encoding other than UTF-8, or a reference to an entity of its own.
    #[error("{what} is not accepted")]
    NotAccepted {
        /// What.
        what: String,
    },
    /// It ends too early.
    #[error("it ends inside <{within}>")]
    Truncated {
        /// The innermost open element.
        within: String,
    },
    /// Something that the grammar does not have there.
    #[error("<{within}> cannot hold {found}")]
    Unexpected {
        /// Where.
        within: String,
        /// An element, an attribute or text.
        found: String,
    },
    /// Something that the grammar requires.
    #[error("<{within}> has no {missing}")]
    Missing {
        /// Where.
        within: String,
        /// The element or attribute.
        missing: String,
    },
    /// Something that may be there once.
    #[error("<{within}> has more than one {repeated}")]
    Repeated {
        /// Where.
        within: String,
        /// The element or attribute.
        repeated: String,
    },
    /// A value that is not what its element takes.
    #[error("{what} is \"{found}\"; expected {expected}")]
    Value {
        /// The element or attribute.
        what: &'static str,
        /// Its value, cut to 80 characters.
        found: String,
        /// What it takes.
        expected: &'static str,
    },
    /// Blocks that do not join.
    #[error("{part} {index} begins at byte {found}; expected {expected}")]
    Gap {
        /// `Block` or `PageRange`.
        part: &'static str,
        /// Its number, from 0.
        index: u64,
        /// Where it begins.
        found: u64,
        /// Where it should.
        expected: String,
    },
    /// Blocks that do not cover the file.
    #[error("the {part}s end at byte {found}; the file has {expected}")]
    Length {
        /// `Block` or `PageRange`.
        part: &'static str,
        /// Where they end.
        found: u64,
        /// The file's length.
        expected: u64,
    },
    /// A rule of blocks or page ranges.
    #[error("{part} {index}: {rule}")]
    Rule {
        /// `Block` or `PageRange`.
        part: &'static str,
        /// Its number, from 0.
        index: u64,
        /// The rule.
        rule: &'static str,
    },
}

/// Cuts what a hostile manifest says to what a person wants to read of it.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}
