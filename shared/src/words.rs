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

#[cfg(test)]
mod tests {
    use super::*;

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
