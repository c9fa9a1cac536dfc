//! Serial numbers as people and drives write them.

/// Returns a serial number without blanks at its ends or inside it, and without control characters.
#[must_use]
pub fn tidy_serial(serial: &str) -> String {
    serial
        .chars()
        .filter(|unit| !unit.is_whitespace() && !unit.is_control())
        .collect()
}

/// Returns what a person types to name a drive: the last four characters of its serial, all of a
/// shorter one.
#[must_use]
pub fn last_four(serial: &str) -> &str {
    let start = serial.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
    serial.get(start..).unwrap_or(serial)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_padding_are_no_part_of_a_serial() {
        assert_eq!(tidy_serial("  WD-WX 12 A\0\n"), "WD-WX12A");
        assert_eq!(tidy_serial(" \0"), "");
    }

    #[test]
    fn the_last_four_of_a_short_serial_are_all_of_it() {
        assert_eq!(last_four("WX1234"), "1234");
        assert_eq!(last_four("AB1"), "AB1");
        assert_eq!(last_four("äöüß€"), "öüß€");
        assert_eq!(last_four(""), "");
    }
}
