//! Numbers as people read them, on the page and on paper.

/// Returns a count with commas: `1,284,332`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len().saturating_add(digits.len() / 3));
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a count with its noun: `1 file`, `12 files`.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{} {many}", count(number))
    }
}

/// Returns a speed in two or three digits: `143 MB/s`, `2.1 GB/s`.
#[must_use]
pub fn rate(bytes_per_second: u64) -> String {
    let tenths = |unit: u64| bytes_per_second.checked_div(unit / 10).unwrap_or(0);
    let (tenths, unit) = match bytes_per_second {
        0..1_000_000 => (tenths(1000), "kB/s"),
        1_000_000..1_000_000_000 => (tenths(1_000_000), "MB/s"),
        _ => (tenths(1_000_000_000), "GB/s"),
    };
    if tenths < 100 {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    } else {
        format!("{} {unit}", tenths / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_stands_with_its_noun() {
        assert_eq!(counted(1_284_332, "file", "files"), "1,284,332 files");
        assert_eq!(counted(1, "file", "files"), "1 file");
    }

    #[test]
    fn a_speed_has_a_tenth_only_below_ten() {
        for (speed, text) in [
            (0, "0.0 kB/s"),
            (999_999, "999 kB/s"),
            (9_970_000, "9.9 MB/s"),
            (143_900_000, "143 MB/s"),
            (2_100_000_000, "2.1 GB/s"),
        ] {
            assert_eq!(rate(speed), text);
        }
    }

    #[test]
    fn a_count_has_commas_every_three_digits() {
        for (number, text) in [
            (0, "0"),
            (812, "812"),
            (1000, "1,000"),
            (1_284_332, "1,284,332"),
        ] {
            assert_eq!(count(number), text);
        }
    }
}
