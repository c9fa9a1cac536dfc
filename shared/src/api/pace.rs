//! What held up a pass over a drive: its source, this computer, the drive, the journals or the destination.

use serde::{Deserialize, Serialize};

use crate::words;

/// A pass shorter than this is not spoken of: its figures say more about its beginning and its end.
const SPOKEN_OF_FROM_MILLIS: u64 = 1000;

/// Files of fewer bytes than this on average cost a disk more for being many than for being long.
const SMALL_FILE_BYTES: u64 = 256 << 10;

/// A part of a pass that the others wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Where the files come from.
    Source,
    /// Hashing and enciphering, or deciphering.
    Computer,
    /// The drive.
    Drive,
    /// The folders of the journals.
    Journals,
    /// Where files go that come off a drive.
    Destination,
}

impl Limit {
    /// Every part, in the order in which they are spoken of.
    pub const ALL: [Self; 5] = [
        Self::Source,
        Self::Computer,
        Self::Drive,
        Self::Journals,
        Self::Destination,
    ];

    /// Returns what people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Computer => "this computer",
            Self::Drive => "drive",
            Self::Journals => "journal folder",
            Self::Destination => "destination",
        }
    }
}

/// What a pass over a drive took, and how long each part of it was at work. The parts work at the same time,
/// so that the pass takes as long as the slowest of them, which is the one that was at work most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Bytes that went onto the drive or came off it.
    pub bytes: u64,
    /// Files that were opened in the source; 0 where nobody counts.
    pub files: u64,
    /// How long the pass took, or has taken so far.
    pub millis: u64,
    /// How long the source was at work.
    pub source_millis: u64,
    /// How long the slowest of this computer's own stages was at work.
    pub computer_millis: u64,
    /// How long the drive was at work.
    pub drive_millis: u64,
    /// How long the journals were at work.
    pub journals_millis: u64,
    /// How long the destination was at work.
    pub destination_millis: u64,
}

impl Pace {
    /// Returns the part that was at work most; `None` before anything was.
    #[must_use]
    pub fn limit(&self) -> Option<Limit> {
        let busiest = Limit::ALL
            .into_iter()
            .max_by_key(|part| self.at_work(*part));
        busiest.filter(|part| self.bytes > 0 && self.at_work(*part) > 0)
    }

    /// Returns the bytes a second that a part alone did: what the pass would make of it if nothing else took
    /// time. `None` for one that had nothing to do.
    #[must_use]
    pub fn rate_of(&self, part: Limit) -> Option<u64> {
        let thousandfold = u128::from(self.bytes).saturating_mul(1000);
        let rate = thousandfold.checked_div(u128::from(self.at_work(part)))?;
        Some(u64::try_from(rate).unwrap_or(u64::MAX))
    }

    /// Returns the limit in words: `limited by: source, 143 MB/s (this computer 2.1 GB/s, drive 182 MB/s)`.
    /// `None` for a pass of less than a second.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let limit = self.limit()?;
        if self.millis < SPOKEN_OF_FROM_MILLIS {
            return None;
        }
        let rate = words::rate(self.rate_of(limit)?);
        let mut text = format!("limited by: {}, {rate}", limit.name());
        if let (Limit::Source, Some(files)) = (limit, self.small_files_a_second()) {
            text.push_str(&format!(", {} small files a second", words::count(files)));
        }
        let others = Limit::ALL
            .into_iter()
            .filter(|part| *part != limit && *part != Limit::Journals);
        let others = others.filter_map(|part| {
            let rate = self.rate_of(part)?;
            Some(format!("{} {}", part.name(), words::rate(rate)))
        });
        let others: Vec<String> = others.collect();
        if !others.is_empty() {
            text.push_str(&format!(" ({})", others.join(", ")));
        }
        Some(text)
    }

    /// Returns how many files a second came out of a source of small ones.
    fn small_files_a_second(&self) -> Option<u64> {
        let mean = self.bytes.checked_div(self.files)?;
        if mean >= SMALL_FILE_BYTES {
            return None;
        }
        let thousandfold = self.files.saturating_mul(1000);
        thousandfold.checked_div(self.source_millis)
    }

    const fn at_work(&self, part: Limit) -> u64 {
        match part {
            Limit::Source => self.source_millis,
            Limit::Computer => self.computer_millis,
            Limit::Drive => self.drive_millis,
            Limit::Journals => self.journals_millis,
            Limit::Destination => self.destination_millis,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 143 GB in 1000 s from a source that was never idle.
    fn held_up_by_its_source() -> Pace {
        Pace {
            bytes: 143_000_000_000,
            files: 1430,
            millis: 1_001_000,
            source_millis: 1_000_000,
            computer_millis: 68_000,
            drive_millis: 786_000,
            journals_millis: 900,
            destination_millis: 0,
        }
    }

    #[test]
    fn the_part_that_was_at_work_most_is_the_limit() {
        let pace = held_up_by_its_source();
        assert_eq!(pace.limit(), Some(Limit::Source));
        assert_eq!(pace.rate_of(Limit::Source), Some(143_000_000));
        assert_eq!(pace.rate_of(Limit::Destination), None);
        assert_eq!(
            pace.words().as_deref(),
            Some("limited by: source, 143 MB/s (this computer 2.1 GB/s, drive 181 MB/s)")
        );
    }

    #[test]
    fn a_source_of_small_files_is_told_by_their_number() {
        let pace = Pace {
            files: 5_000_000,
            ..held_up_by_its_source()
        };
        let words = pace.words().unwrap_or_default();
        assert!(
            words.contains("source, 143 MB/s, 5,000 small files a second ("),
            "{words}"
        );
    }

    #[test]
    fn nothing_is_said_of_a_pass_that_did_nothing_or_was_over_at_once() {
        assert_eq!(Pace::default().limit(), None);
        assert_eq!(Pace::default().words(), None);
        let short = Pace {
            millis: 900,
            ..held_up_by_its_source()
        };
        assert_eq!(short.limit(), Some(Limit::Source));
        assert_eq!(short.words(), None);
    }
}
