//! Where in a file something is.

use std::fmt;

use crate::read::file_record::Attribute;
use crate::read::stored::text;

/// A record, or an attribute in it.
#[derive(Clone, Debug)]
pub(super) struct RecordPlace {
    pub(super) record: u64,
    attribute: Option<(u32, String)>,
}

impl RecordPlace {
    pub(super) const fn record(record: u64) -> Self {
        Self {
            record,
            attribute: None,
        }
    }
    pub(super) fn attribute(record: u64, attribute: &Attribute<'_>) -> Self {
        Self::named(record, attribute.kind(), &text(attribute.name).0)
    }
    pub(super) fn named(record: u64, kind: u32, name: &str) -> Self {
        Self {
            record,
            attribute: Some((kind, name.to_owned())),
        }
    }
}

impl fmt::Display for RecordPlace {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "MFT record {}", self.record)?;
        match &self.attribute {
            None => Ok(()),
            Some((kind, name)) if name.is_empty() => write!(to, ", attribute {kind:#x}"),
            Some((kind, name)) => write!(to, ", attribute {kind:#x} {name:?}"),
        }
    }
}
