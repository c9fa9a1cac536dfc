//! Sizes and counts for people.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "divisions by constants that are not 0"
)]

/// Returns a size in decimal units with three digits: `92.6 TB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 5] = [
        ("PB", 1_000_000_000_000_000),
        ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("kB", 1_000),
    ];
    let unit = UNITS.iter().find(|(_, unit)| bytes >= *unit);
    let Some((name, unit)) = unit else {
        return format!("{bytes} bytes");
    };
    let (whole, rest) = (bytes / unit, bytes % unit);
    // One unit is at most 10^15, so a thousand times the rest fits.
    let thousandths = rest.saturating_mul(1000) / unit;
    match whole {
        0..10 => format!("{whole}.{:02} {name}", thousandths / 10),
        10..100 => format!("{whole}.{} {name}", thousandths / 100),
        _ => format!("{whole} {name}"),
    }
}

/// Returns two sizes, in bytes when they would otherwise look the same.
pub(super) fn two_sizes(one: u64, other: u64) -> (String, String) {
    let rounded = (size(one), size(other));
    if rounded.0 == rounded.1 && one != other {
        (format!("{one} bytes"), format!("{other} bytes"))
    } else {
        rounded
    }
}

/// Returns `1 drive`, `2 drives`.
pub(super) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_and_decimal_units() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1.00 kB"),
            (92_640_000_000_000, "92.6 TB"),
            (8_001_563_222_016, "8.00 TB"),
            (456_000_000, "456 MB"),
            (u64::MAX, "18446 PB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn sizes_that_round_alike_are_shown_to_the_byte() {
        assert_eq!(
            two_sizes(8_001_000_000, 8_002_000_000).0,
            "8001000000 bytes"
        );
        assert_eq!(two_sizes(8_000_000_000, 9_000_000_000).0, "8.00 GB");
    }
}
