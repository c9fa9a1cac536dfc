//! The ledger in words, the same for the command line and the page.

use super::entry::{Change, Service, Way};

impl Service {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ImportExport, Self::Databox, Self::Own];

    /// Returns what a person calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ImportExport => "Azure Import/Export",
            Self::Databox => "Azure Data Box",
            Self::Own => "a site of one's own",
        }
    }
}

impl Way {
    /// Returns the word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::There => "there",
            Self::Back => "back",
        }
    }
}

impl Change {
    /// Returns the fact as a line of a history.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Opened { .. } => "opened".to_owned(),
            Self::Added { serial, .. } => format!("drive {serial} added"),
            Self::Proven { serial, .. } => format!("drive {serial} proven"),
            Self::Moved { to } => to.to_string(),
            Self::DriveMoved { serial, to } => format!("drive {serial} {to}"),
            Self::Sent(sent) => format!(
                "parcel {}: {} {}",
                sent.way.word(),
                sent.carrier,
                sent.tracking
            ),
            Self::ReturnAddress { .. } => "return address".to_owned(),
            Self::Note { text } => text.clone(),
        }
    }
}
