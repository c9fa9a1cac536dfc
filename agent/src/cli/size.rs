//! Sizes as people write and read them: decimal, 8TB is 8 * 10^12 bytes.

pub(super) use crate::amount::{show_files, show_size};

/// Reads `64GB`, `1.5TB`, `500` or `4096 B`.
///
/// # Errors
/// A sentence for the person who typed it.
pub(super) fn parse_size(text: &str) -> Result<u64, String> {
    let wrong =
        || format!("{text:?} is no size; write a number and B, kB, MB, GB, TB or PB, as in 8TB");
    let trimmed = text.trim();
    let digits_end = trimmed
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(digits_end);
    let power: u32 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" => 3,
        "m" | "mb" => 6,
        "g" | "gb" => 9,
        "t" | "tb" => 12,
        "p" | "pb" => 15,
        _ => return Err(wrong()),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction_digits = u32::try_from(fraction.len()).map_err(|_| wrong())?;
    if whole.is_empty() || fraction_digits > power {
        return Err(wrong());
    }
    let digits: u64 = format!("{whole}{fraction}").parse().map_err(|_| wrong())?;
    let scale = 10_u64
        .checked_pow(power.saturating_sub(fraction_digits))
        .ok_or_else(wrong)?;
    digits
        .checked_mul(scale)
        .ok_or_else(|| format!("{text} is more bytes than any drive has"))
}

/// Returns a duration: `17 h 02 min`, `4 min 10 s`, `8 s`.
pub(super) fn show_seconds(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes} min {rest:02} s"),
        _ => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal() {
        for (text, bytes) in [
            ("8TB", 8_000_000_000_000),
            ("1.5 TB", 1_500_000_000_000),
            ("64gb", 64_000_000_000),
            ("500", 500),
            ("0.5kB", 500),
            ("512 B", 512),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "TB",
            "-1GB",
            "1.5",
            "1,5TB",
            "8TiB",
            "1e3",
            "99999999999PB",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_and_times_are_shown_in_a_few_digits() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (9_410_000_000_000, "9.41 TB"),
            (15_870_000_000_000, "15.8 TB"),
            (999_600_000, "0.99 GB"),
        ] {
            assert_eq!(show_size(bytes), text);
        }
        assert_eq!(show_seconds(26_760), "7 h 26 min");
        assert_eq!(show_seconds(65), "1 min 05 s");
    }
}
