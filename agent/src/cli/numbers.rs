//! Numbers of drives in a plan, as a person types them.

use std::str::FromStr;

/// More drives than any plan has.
const MOST: u32 = 9999;

/// `1-6`, `2,5`, `1-3,7`: numbers from 1, each once, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbers(pub(super) Vec<u32>);

impl FromStr for Numbers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} names no drives; write 1-6, or 2,5");
        let mut numbers = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| {
                let number = text.trim().parse().ok();
                number.filter(|number| (1..=MOST).contains(number))
            };
            let (Some(first), Some(last)) = (number(first), number(last)) else {
                return Err(wrong());
            };
            if first > last {
                return Err(wrong());
            }
            numbers.extend(first..=last);
        }
        numbers.sort_unstable();
        numbers.dedup();
        Ok(Self(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drives_are_named_by_number_and_by_range() {
        for (text, numbers) in [
            ("3", &[3][..]),
            ("1-3", &[1, 2, 3]),
            ("7, 1-2,2", &[1, 2, 7]),
        ] {
            assert_eq!(text.parse(), Ok(Numbers(numbers.to_vec())), "{text}");
        }
        for text in ["", "0", "3-1", "a", "1-", "-2", "1-99999", "1,,2"] {
            assert!(text.parse::<Numbers>().is_err(), "{text}");
        }
    }
}
