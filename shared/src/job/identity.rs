//! Which drive it is, and what becomes of what was on it.

use serde::{Deserialize, Serialize};

/// What a drive is recognised by, as it was read just before it was erased. A resume compares all
/// of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriveIdentity {
    /// Its serial, trimmed, inner blanks removed.
    pub serial: String,
    /// Where the serial comes from.
    pub serial_source: SerialSource,
    /// Its model; empty when it cannot be read.
    pub model: String,
    /// Its world-wide name; empty when it has none.
    pub wwn: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its logical sector size in bytes.
    pub sector_bytes: u64,
}

/// Where a serial comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SerialSource {
    /// The drive's own word.
    Drive,
    /// A USB bridge or dock in front of it.
    Bridge,
    /// Typed by the person, from the label.
    Label,
    /// The description beside an image file, or its name.
    Image,
}

impl SerialSource {
    /// Returns the word as it stands in journals and on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Drive => "drive",
            Self::Bridge => "bridge",
            Self::Label => "label",
            Self::Image => "image",
        }
    }

    /// Returns the source of a word; `None` for any other word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Drive, Self::Bridge, Self::Label, Self::Image]
            .into_iter()
            .find(|source| source.code() == code)
    }
}

/// What becomes of old bytes in the free space of a drive that held anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FreeSpace {
    /// The drive must be blank.
    #[default]
    Blank,
    /// Overwritten with ciphertext.
    Wipe,
    /// Left as it is: old data stays readable there.
    Keep,
}

impl FreeSpace {
    /// Returns the word as it stands in journals and on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Wipe => "wipe",
            Self::Keep => "keep",
        }
    }

    /// Returns the choice of a word; `None` for any other word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Blank, Self::Wipe, Self::Keep]
            .into_iter()
            .find(|choice| choice.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_journal_are_those_on_the_wire() {
        for source in [
            SerialSource::Drive,
            SerialSource::Bridge,
            SerialSource::Label,
            SerialSource::Image,
        ] {
            assert_eq!(serde_json::to_value(source).expect("a word"), source.code());
            assert_eq!(SerialSource::from_code(source.code()), Some(source));
        }
        for choice in [FreeSpace::Blank, FreeSpace::Wipe, FreeSpace::Keep] {
            assert_eq!(serde_json::to_value(choice).expect("a word"), choice.code());
            assert_eq!(FreeSpace::from_code(choice.code()), Some(choice));
        }
    }
}
