//! NTFS times.

/// A time as NTFS stores it: steps of 100 ns since 1601-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileTime(pub u64);

impl FileTime {
    /// Returns the time `secs` seconds and `nanos` nanoseconds after 1970-01-01 UTC (before it when `secs` is
    /// negative).
    ///
    /// Nanoseconds are cut to steps of 100. What NTFS cannot hold becomes the nearest time that it can: 1601 or the
    /// year 30,828 (the last that Windows shows, 2^63 - 1 steps).
    #[must_use]
    pub fn from_unix(secs: i64, nanos: u32) -> Self {
        let steps = i128::from(secs)
            .saturating_mul(STEPS_A_SECOND)
            .saturating_add(i128::from(nanos / 100))
            .saturating_add(UNIX_EPOCH);
        let latest = u64::MAX >> 1;
        Self(u64::try_from(steps.max(0)).unwrap_or(latest).min(latest))
    }

    /// Returns whole seconds since 1970-01-01 UTC (negative before it) and the nanoseconds that follow them.
    #[must_use]
    pub fn to_unix(self) -> (i64, u32) {
        let steps = i128::from(self.0).saturating_sub(UNIX_EPOCH);
        let secs = i64::try_from(steps.div_euclid(STEPS_A_SECOND)).unwrap_or(i64::MAX);
        let rest = u32::try_from(steps.rem_euclid(STEPS_A_SECOND)).unwrap_or(0);
        (secs, rest.saturating_mul(100))
    }
}

/// 1970-01-01 in steps since 1601-01-01.
const UNIX_EPOCH: i128 = 116_444_736_000_000_000;
const STEPS_A_SECOND: i128 = 10_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unix_epoch_is_the_documented_constant() {
        assert_eq!(FileTime::from_unix(0, 0), FileTime(116_444_736_000_000_000));
    }

    #[test]
    fn a_time_before_1970_comes_back() {
        let time = FileTime::from_unix(-1, 999_999_900);
        assert_eq!(time.to_unix(), (-1, 999_999_900));
    }

    #[test]
    fn times_out_of_range_become_the_nearest_that_fit() {
        assert_eq!(FileTime::from_unix(i64::MIN, 0), FileTime(0));
        assert_eq!(FileTime::from_unix(i64::MAX, 0), FileTime(u64::MAX >> 1));
    }
}
