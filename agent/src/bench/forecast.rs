//! What a drive will take, and which part is the limit.

use serde::Serialize;
use shared::api::Limit;
use shared::words::rate;

use super::computer::Computer;
use super::source::Source;
use super::surface::Surface;

/// How long a drive takes that is filled to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// Seconds to fill it.
    pub fill_seconds: u64,
    /// Seconds to read it back.
    pub read_back_seconds: u64,
    /// What the filling waits for.
    pub limit: Limit,
}

/// Returns how long a drive takes. One that was not written to is taken to write as fast as it reads.
#[must_use]
pub fn forecast(
    read: &Surface,
    written: Option<&Surface>,
    source: Option<&Source>,
    computer: &Computer,
) -> Forecast {
    let write = written.unwrap_or(read);
    let source_rate = source.and_then(Source::rate).unwrap_or(u64::MAX);
    let computer_rate = computer.rate();
    let alone = |rate: u64| write.bytes.checked_div(rate).unwrap_or(u64::MAX);
    let parts = [
        (Limit::Source, alone(source_rate)),
        (Limit::Computer, alone(computer_rate)),
        (Limit::Drive, write.seconds(u64::MAX)),
    ];
    let slowest = parts.into_iter().max_by_key(|(_, seconds)| *seconds);
    Forecast {
        fill_seconds: write.seconds(source_rate.min(computer_rate)),
        read_back_seconds: read.seconds(computer.rate_of_one()),
        limit: slowest.map_or(Limit::Drive, |(limit, _)| limit),
    }
}

impl Forecast {
    /// Returns what was measured and what follows from it, in words; `size` and `hours` write a size and a time.
    #[must_use]
    pub fn words(
        &self,
        (read, written): (&Surface, Option<&Surface>),
        source: Option<&Source>,
        computer: &Computer,
        size: &dyn Fn(u64) -> String,
        hours: &dyn Fn(u64) -> String,
    ) -> String {
        let drive = written.unwrap_or(read);
        let (first, last) = (rate(drive.first()), rate(drive.last()));
        let verb = if written.is_some() { "writes" } else { "reads" };
        let source = source
            .and_then(Source::rate)
            .map_or_else(String::new, |source| {
                format!("; your source: {}", rate(source))
            });
        let as_fast = if written.is_some() {
            ""
        } else {
            ", if it writes as fast as it reads"
        };
        format!(
            "This drive {verb} {first} at the beginning, {last} at the end{source}; this computer: {}. Filling its {} \
             takes about {}{as_fast}, reading it back {} more; the {} is the limit.",
            rate(computer.rate()),
            size(drive.bytes),
            hours(self.fill_seconds),
            hours(self.read_back_seconds),
            match self.limit {
                Limit::Computer => "computer",
                other => other.name(),
            }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SourceKind, Stretch};
    use super::*;

    const TB: u64 = 1_000_000_000_000;

    fn surface() -> Surface {
        let stretch = |rate| Stretch {
            at: 0,
            bytes: 1,
            rate,
        };
        Surface {
            bytes: 8 * TB,
            stretches: vec![stretch(182_000_000), stretch(96_000_000)],
        }
    }

    fn source(rate: u64) -> Source {
        Source {
            long: SourceKind {
                files: 1,
                bytes: TB,
                files_read: 1,
                rate,
                files_a_second: 1,
            },
            ..Source::default()
        }
    }

    const COMPUTER: Computer = Computer {
        hash: 2_100_000_000,
        encipher: 9_000_000_000,
        processors: 2,
        memory_free: None,
    };

    #[test]
    fn the_slowest_part_is_the_limit() {
        let limit = |rate: u64, computer: &Computer| {
            forecast(&surface(), None, Some(&source(rate)), computer).limit
        };
        assert_eq!(limit(110_000_000, &COMPUTER), Limit::Source);
        assert_eq!(limit(143_000_000, &COMPUTER), Limit::Drive);
        let slow = Computer {
            hash: 50_000_000,
            ..COMPUTER
        };
        assert_eq!(limit(143_000_000, &slow), Limit::Computer);
    }

    #[test]
    fn a_stretch_is_never_faster_than_the_source_that_fills_it() {
        let slow_source = forecast(&surface(), None, Some(&source(110_000_000)), &COMPUTER);
        // Half of it at 110 MB/s, half at 96.
        assert_eq!(slow_source.fill_seconds, 36_363 + 41_666 + 1);
        assert_eq!(slow_source.read_back_seconds, 21_978 + 41_666);
    }

    #[test]
    fn reading_back_deciphers_and_hashes_one_after_the_other() {
        let slow = Computer {
            hash: 160_000_000,
            encipher: 160_000_000,
            ..COMPUTER
        };
        let told = forecast(&surface(), None, None, &slow);
        // Half of it at 160 MB/s, half at 96; all of it at 80.
        assert_eq!(told.fill_seconds, 25_000 + 41_666);
        assert_eq!(told.read_back_seconds, 100_000);
    }

    #[test]
    fn one_sentence_says_what_was_measured_and_what_follows() {
        let (read, source) = (surface(), source(110_000_000));
        let forecast = forecast(&read, None, Some(&source), &COMPUTER);
        let hours = |seconds: u64| format!("{} h", seconds / 3600);
        let words = forecast.words(
            (&read, None),
            Some(&source),
            &COMPUTER,
            &|_| "8.00 TB".to_owned(),
            &hours,
        );
        assert_eq!(
            words,
            "This drive reads 182 MB/s at the beginning, 96 MB/s at the end; your source: 110 MB/s; this computer: \
             2.1 GB/s. Filling its 8.00 TB takes about 21 h, if it writes as fast as it reads, reading it back 17 h \
             more; the source is the limit."
        );
    }
}
