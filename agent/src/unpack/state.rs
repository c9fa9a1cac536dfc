//! The lines of `home.state`: JSON, a blank, and the CRC-32 of the JSON. Append-only; the last line
//! about a file counts, and a torn last line is as if it were not there.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The form of the lines.
const VERSION: u32 = 1;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Record<'a> {
    /// The first one: whose state this is.
    Begun {
        /// The form of the lines.
        version: u32,
        /// Serial of the NTFS volume.
        volume: u64,
    },
    /// A file is home, durable.
    Home {
        /// Which file.
        key: Cow<'a, str>,
        /// Where it is.
        place: Cow<'a, str>,
        /// Its length.
        bytes: u64,
        /// Its time on the drive, in FILETIME.
        modified: u64,
        /// Whether its hashes were compared, and agreed.
        proven: bool,
    },
    /// A file is being written.
    Part {
        /// Which file.
        key: Cow<'a, str>,
        /// Its time on the drive, in FILETIME.
        modified: u64,
        /// Bytes from the start that are durable; every range in them that ended agreed with its
        /// hash.
        through: u64,
        /// Whether anything proves it.
        proven: bool,
    },
}

/// What is known of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is home.
    Home {
        /// Where.
        place: PathBuf,
        /// Its length.
        bytes: u64,
        /// Its time on the drive.
        modified: u64,
        /// Whether its hashes were compared, and agreed.
        proven: bool,
    },
    /// It is in part.
    Part {
        /// Its time on the drive.
        modified: u64,
        /// Bytes that are durable.
        through: u64,
        /// Whether the ranges in them were compared, and agreed.
        proven: bool,
    },
}

impl Record<'_> {
    /// Returns the first line of the state of a volume.
    pub(super) const fn begun(volume: u64) -> Self {
        let version = VERSION;
        Self::Begun { version, volume }
    }
}

/// Returns a record as a line.
pub(super) fn line_of(record: &Record<'_>) -> String {
    // Numbers and text always become JSON.
    let json = serde_json::to_string(record).unwrap_or_default();
    format!("{json} {:08x}\n", crc32fast::hash(json.as_bytes()))
}

/// Reads lines up to the first that is not whole. Returns what they say and how many bytes they
/// have: none, when they are not of this form or about another volume.
pub(super) fn read_lines(text: &[u8], volume: u64) -> (HashMap<String, Known>, usize) {
    let mut known = HashMap::new();
    let mut whole = 0_usize;
    for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        match (number, parse(line)) {
            (
                0,
                Some(Record::Begun {
                    version,
                    volume: of,
                }),
            ) if version == VERSION && of == volume => {}
            (0, _) => return (HashMap::new(), 0),
            (
                _,
                Some(Record::Home {
                    key,
                    place,
                    bytes,
                    modified,
                    proven,
                }),
            ) => {
                let place = PathBuf::from(place.into_owned());
                let home = Known::Home {
                    place,
                    bytes,
                    modified,
                    proven,
                };
                known.insert(key.into_owned(), home);
            }
            (
                _,
                Some(Record::Part {
                    key,
                    modified,
                    through,
                    proven,
                }),
            ) => {
                let part = Known::Part {
                    modified,
                    through,
                    proven,
                };
                known.insert(key.into_owned(), part);
            }
            (_, Some(Record::Begun { .. }) | None) => break,
        }
        whole = whole.saturating_add(line.len());
    }
    (known, whole)
}

fn parse(line: &[u8]) -> Option<Record<'_>> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (json, crc) = line.rsplit_once(' ')?;
    let crc = u32::from_str_radix(crc, 16).ok()?;
    if crc32fast::hash(json.as_bytes()) != crc {
        return None;
    }
    serde_json::from_str(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> String {
        let records = [
            Record::begun(7),
            Record::Part {
                key: "\\a\n b".into(),
                modified: 1,
                through: 4096,
                proven: true,
            },
            Record::Home {
                key: "\\a\n b".into(),
                place: "a\n b".into(),
                bytes: 9000,
                modified: 1,
                proven: true,
            },
        ];
        records.iter().map(line_of).collect()
    }

    #[test]
    fn the_last_line_about_a_file_counts() {
        let text = written();
        let (known, whole) = read_lines(text.as_bytes(), 7);
        assert_eq!(whole, text.len());
        let home = Known::Home {
            place: PathBuf::from("a\n b"),
            bytes: 9000,
            modified: 1,
            proven: true,
        };
        assert_eq!(known, HashMap::from([("\\a\n b".to_owned(), home)]));
    }

    #[test]
    fn wherever_the_end_is_torn_off_the_lines_before_it_stay() {
        let text = written();
        let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        for cut in 0..text.len() {
            let (_, whole) = read_lines(&text.as_bytes()[..cut], 7);
            let expected = ends.iter().rev().find(|end| **end <= cut);
            assert_eq!(whole, expected.copied().unwrap_or(0), "{cut}");
        }
    }

    #[test]
    fn a_flipped_bit_ends_what_is_believed() {
        let text = written();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 4;
            let (_, whole) = read_lines(&bytes, 7);
            assert!(whole <= at, "{at}");
        }
    }

    #[test]
    fn another_volume_has_another_state() {
        assert_eq!(read_lines(written().as_bytes(), 8), (HashMap::new(), 0));
    }
}
