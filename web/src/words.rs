//! Numbers as a person reads them: decimal units, three digits that matter, times as `7 h 26 min`.

pub use shared::words::{count, counted};

const UNITS: [&str; 7] = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"];

/// Returns a size: `9.41 TB`, `384 MB`, `1 byte`.
#[must_use]
pub fn size(bytes: u64) -> String {
    if bytes == 1 {
        return "1 byte".to_owned();
    }
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    let mut unit: u64 = 1;
    let mut name = UNITS[0];
    for larger in UNITS.iter().skip(1) {
        // 999.5 of a unit would be shown as 1000 of it.
        if u128::from(bytes) * 2 < u128::from(unit) * 1999 {
            break;
        }
        unit = unit.saturating_mul(1000);
        name = larger;
    }
    format!("{} {name}", three_digits(bytes, unit))
}

/// Returns a speed: `241 MB/s`.
#[must_use]
pub fn rate(bytes_per_second: u64) -> String {
    format!("{}/s", size(bytes_per_second))
}

/// Returns `part` of `whole` in words, both in the unit of the whole: `9.41 of 15.9 TB`.
#[must_use]
pub fn part_of(part: u64, whole: u64) -> String {
    let whole_text = size(whole);
    let (Some((_, unit)), Some((part_number, part_unit))) = (
        whole_text.split_once(' '),
        size(part).split_once(' ').map(owned),
    ) else {
        return whole_text;
    };
    if part == 0 {
        format!("0 of {whole_text}")
    } else if part_unit == unit {
        format!("{part_number} of {whole_text}")
    } else {
        format!("{part_number} {part_unit} of {whole_text}")
    }
}

fn owned((number, unit): (&str, &str)) -> (String, String) {
    (number.to_owned(), unit.to_owned())
}

/// Returns a length of time with its two largest units: `7 h 26 min`, `3 d 4 h`, `41 s`; days
/// without hours as `3 days`.
#[must_use]
pub fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    if seconds < 60 {
        format!("{seconds} s")
    } else if minutes < 10 {
        format!("{minutes} min {} s", seconds % 60)
    } else if hours < 1 {
        format!("{minutes} min")
    } else if days < 1 {
        format!("{hours} h {} min", minutes % 60)
    } else if hours % 24 == 0 {
        counted(days, "day", "days")
    } else {
        format!("{days} d {} h", hours % 24)
    }
}

/// Returns `part` of `whole` as per cent with three digits that matter: `99.2 %`. Never rounded up to 100.
#[must_use]
pub fn share(part: u64, whole: u64) -> String {
    let tenths = permyriad(part, whole) / 10;
    match (tenths, part) {
        (0, 1..) => "under 0.1 %".to_owned(),
        (1000.., _) => "100 %".to_owned(),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// Returns `part` of `whole` in ten-thousandths, rounded down, at most 10,000; for the widths of pictures.
#[must_use]
pub fn permyriad(part: u64, whole: u64) -> u64 {
    let scaled = u128::from(part).saturating_mul(10_000);
    let of = scaled.checked_div(u128::from(whole)).unwrap_or(0);
    u64::try_from(of).unwrap_or(u64::MAX).min(10_000)
}

/// Returns the serial in two parts: what is quiet, and the last four characters, which the label is compared by.
#[must_use]
pub fn serial_parts(serial: &str) -> (&str, &str) {
    let cut = serial
        .char_indices()
        .rev()
        .nth(3)
        .map_or(0, |(place, _)| place);
    serial.split_at(cut)
}

/// Returns what a person types as a size, in bytes: `16 TB`, `16TB`, `1.5 tb`, `500GB`, a plain number of bytes.
#[must_use]
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits_end = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.' && letter != ',')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits_end);
    let power = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" | "bytes" => 0,
        "kb" => 1,
        "mb" => 2,
        "gb" => 3,
        "tb" | "t" => 4,
        "pb" => 5,
        _ => return None,
    };
    let unit = 1000_u64.checked_pow(power)?;
    let (whole, fraction) = number.split_once(['.', ',']).unwrap_or((number, ""));
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    if fraction.is_empty() {
        return Some(whole);
    }
    let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = u128::from(fraction.parse::<u64>().ok()?).checked_mul(u128::from(unit))?;
    let part = part.checked_div(u128::from(scale))?;
    whole.checked_add(u64::try_from(part).ok()?)
}

/// Returns `bytes / unit` with three digits that matter.
fn three_digits(bytes: u64, unit: u64) -> String {
    for (decimals, scale) in [(2, 100), (1, 10), (0, 1)] {
        // Half a digit more, then cut: rounded.
        let doubled = u128::from(bytes).saturating_mul(scale).saturating_mul(2);
        let rounded = doubled.saturating_add(u128::from(unit));
        let scaled = rounded
            .checked_div(u128::from(unit).saturating_mul(2))
            .unwrap_or(0);
        if scaled < 1000 || decimals == 0 {
            return match scale {
                1 => scaled.to_string(),
                10 => trimmed(&format!("{}.{}", scaled / 10, scaled % 10)),
                _ => trimmed(&format!("{}.{:02}", scaled / 100, scaled % 100)),
            };
        }
    }
    String::new()
}

/// Drops zeros that say nothing: `16.0` is `16`.
fn trimmed(number: &str) -> String {
    number
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

/// Returns text of an error as a sentence: a capital first, a full stop last.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let stop = if text.ends_with(['.', '?', '!']) {
        ""
    } else {
        "."
    };
    format!("{}{}{stop}", first.to_uppercase(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_three_digits_that_matter() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1 kB"),
            (1499, "1.5 kB"),
            (999_499, "999 kB"),
            (999_500, "1 MB"),
            (9_410_000_000_000, "9.41 TB"),
            (15_870_000_000_000, "15.9 TB"),
            (16_000_000_000_000, "16 TB"),
            (384_000_000, "384 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn a_part_is_told_in_the_unit_of_the_whole_when_it_has_it() {
        assert_eq!(
            part_of(9_410_000_000_000, 15_870_000_000_000),
            "9.41 of 15.9 TB"
        );
        assert_eq!(part_of(12_000_000, 15_870_000_000_000), "12 MB of 15.9 TB");
        assert_eq!(part_of(0, 384_000_000), "0 of 384 MB");
    }

    #[test]
    fn a_time_has_its_two_largest_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (61, "1 min 1 s"),
            (600, "10 min"),
            (26_760, "7 h 26 min"),
            (273_600, "3 d 4 h"),
            (259_200, "3 days"),
            (89_999, "1 day"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn a_share_is_never_rounded_up_to_all() {
        assert_eq!(share(9_999, 10_000), "99.9 %");
        assert_eq!(share(10_000, 10_000), "100 %");
        assert_eq!(share(1, 1_000_000), "under 0.1 %");
        assert_eq!(share(0, 0), "0.0 %");
    }

    #[test]
    fn the_last_four_of_a_serial_stand_apart() {
        assert_eq!(serial_parts("WD-ARG0SY4411"), ("WD-ARG0SY", "4411"));
        assert_eq!(serial_parts("A1"), ("", "A1"));
        assert_eq!(serial_parts("日本語字"), ("", "日本語字"));
    }

    #[test]
    fn a_typed_size_is_understood() {
        for (text, bytes) in [
            ("16 TB", 16_000_000_000_000),
            ("16tb", 16_000_000_000_000),
            ("1.5 TB", 1_500_000_000_000),
            ("1,5TB", 1_500_000_000_000),
            (" 384MB ", 384_000_000),
            ("512", 512),
        ] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "TB", "16 XB", "1.2.3 TB", "-1 TB", "99999999 PB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    #[test]
    fn text_of_an_error_becomes_a_sentence() {
        assert_eq!(sentence("no drive is given"), "No drive is given.");
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence(""), "");
    }
}
