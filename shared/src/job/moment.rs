//! Points in time, as arguments.

use ntfs_image::FileTime;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A point in time: milliseconds since 1970-01-01 00:00 UTC, leap seconds not counted.
///
/// Printed and read as WAImportExport journals have it, `yyyy/MM/dd HH:mm:ss.fff`, always in UTC
/// (the public samples do not say which zone theirs are in).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub u64);

/// Text that is not a moment.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{found}\" is not a time; expected yyyy/MM/dd HH:mm:ss.fff")]
pub struct NotAMoment {
    /// The text, cut to 40 characters.
    pub found: String,
}

impl Moment {
    /// The last moment that four digits of a year can show.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// Returns the moment `seconds` after 1970, cut to the years 1970 to 9999.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self(
            u64::try_from(seconds)
                .unwrap_or(0)
                .saturating_mul(1000)
                .min(Self::MAX.0),
        )
    }

    /// Returns the moment of a file's time, cut to milliseconds; none before 1970.
    #[must_use]
    pub fn of_file_time(time: FileTime) -> Option<Self> {
        let (seconds, nanos) = time.to_unix();
        let seconds = u64::try_from(seconds).ok()?;
        let millis = seconds.checked_mul(1000)?;
        Some(Self(millis.checked_add(u64::from(nanos / 1_000_000))?))
    }

    /// Returns the moment as NTFS and BitLocker have it.
    #[must_use]
    pub fn file_time(self) -> FileTime {
        let seconds = i64::try_from(self.unix_seconds()).unwrap_or(i64::MAX);
        let millis = u32::try_from(self.0 % 1000).unwrap_or(0);
        FileTime::from_unix(seconds, millis.saturating_mul(1_000_000))
    }

    /// Returns whole seconds since 1970.
    #[must_use]
    pub const fn unix_seconds(self) -> u64 {
        self.0 / 1000
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clipped = self.0.min(Self::MAX.0);
        let (year, month, day) = date_of(clipped / DAY);
        let (hour, minute) = (clipped / 3_600_000 % 24, clipped / 60_000 % 60);
        let (second, milli) = (clipped / 1000 % 60, clipped % 1000);
        write!(
            f,
            "{year:04}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}.{milli:03}"
        )
    }
}

impl FromStr for Moment {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        parse(text)
            .filter(|moment| moment.to_string() == text)
            .ok_or_else(|| NotAMoment {
                found: text.chars().take(40).collect(),
            })
    }
}

/// Reads the digits; the caller compares the printed form, which refuses a 31st of June.
fn parse(text: &str) -> Option<Moment> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second, milli) = (
        number(11, 13)?,
        number(14, 16)?,
        number(17, 19)?,
        number(20, 23)?,
    );
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let seconds = hour
        .checked_mul(3600)?
        .checked_add(minute.checked_mul(60)?)?
        .checked_add(second)?;
    let of_day = seconds.checked_mul(1000)?.checked_add(milli)?;
    Some(Moment(
        day_number(year, month, day)?
            .checked_mul(DAY)?
            .checked_add(of_day)?,
    ))
}

const DAY: u64 = 86_400_000;

/// Days since 1970 to a civil date, by the 400-year cycle that starts on 1 March of year 0.
/// Source: H. Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "days are at most 2,932,896 (the year 9999), so no term leaves u64"
)]
const fn date_of(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    (
        era * 400 + year_of_era + if month <= 2 { 1 } else { 0 },
        month,
        day,
    )
}

/// A civil date to days since 1970 (`days_from_civil` of the same source); month 1-12 and day 1-31
/// are the caller's.
fn day_number(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month <= 2 {
        year.checked_sub(1)?
    } else {
        year
    };
    let (era, of_era) = (year / 400, year % 400);
    let march_month = if month > 2 {
        month.checked_sub(3)?
    } else {
        month.checked_add(9)?
    };
    let of_year = (153_u64.checked_mul(march_month)?.checked_add(2)? / 5)
        .checked_add(day)?
        .checked_sub(1)?;
    let leaps = (of_era / 4).checked_sub(of_era / 100)?;
    let of_era = of_era
        .checked_mul(365)?
        .checked_add(leaps)?
        .checked_add(of_year)?;
    era.checked_mul(146_097)?
        .checked_add(of_era)?
        .checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_printed_as_date_prints_them() {
        // date -u -d @1478120654 +'%Y/%m/%d %H:%M:%S'
        for (millis, text) in [
            (0, "1970/01/01 00:00:00.000"),
            (1_478_120_654_735, "2016/11/02 21:04:14.735"),
            (951_782_400_000, "2000/02/29 00:00:00.000"),
            (4_107_542_399_999, "2100/02/28 23:59:59.999"),
            (4_107_542_400_000, "2100/03/01 00:00:00.000"),
            (253_402_300_799_999, "9999/12/31 23:59:59.999"),
        ] {
            assert_eq!(Moment(millis).to_string(), text);
            assert_eq!(text.parse(), Ok(Moment(millis)));
        }
    }

    #[test]
    fn text_that_is_no_moment_is_refused() {
        for text in [
            "",
            "2016/02/30 00:00:00.000",
            "2016/13/01 00:00:00.000",
            "2016/01/01 24:00:00.000",
            "2016-01-01 00:00:00.000",
            "2016/01/01 00:00:00.0000",
            "1969/12/31 23:59:59.999",
            "+016/01/01 00:00:00.000",
            "2016/01/01T00:00:00.000é",
        ] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_day_of_eight_thousand_years_comes_back() {
        for day in (0..2_932_897_u64).step_by(367) {
            let moment = Moment(day.wrapping_mul(DAY));
            assert_eq!(moment.to_string().parse(), Ok(moment));
        }
    }
}
