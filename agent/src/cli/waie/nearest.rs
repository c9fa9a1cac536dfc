//! The known word that a mistyped one is nearest to.

/// More letters apart, and it is another word.
const STEPS_MAX: usize = 3;

/// Returns the word of `known` that takes the fewest letters added, dropped or changed, at most three
/// and fewer than it has; whatever the case.
pub(super) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let steps = |word: &&str| steps(&written.to_ascii_lowercase(), &word.to_ascii_lowercase());
    let close = |(word, steps): &(&str, usize)| *steps <= STEPS_MAX && *steps < word.len();
    let words = known.into_iter().map(|word| (word, steps(&word)));
    let near = words.filter(close).min_by_key(|(_, steps)| *steps);
    near.map(|(word, _)| word)
}

/// Levenshtein's distance, a row at a time.
fn steps(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (number, left) in (1..).zip(from.chars()) {
        let mut before = std::mem::replace(&mut row[0], number);
        for (at, right) in (1..).zip(to.chars()) {
            let changed = before.saturating_add(usize::from(left != right));
            let added_or_dropped = row[at].min(row[at.saturating_sub(1)]).saturating_add(1);
            before = std::mem::replace(&mut row[at], changed.min(added_or_dropped));
        }
    }
    row.pop().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_is_near_its_own_and_a_strange_one_to_none() {
        let known = ["DataSet", "dstdir", "t", "j", "id"];
        for (written, near) in [
            ("datasets", Some("DataSet")),
            ("destdir", Some("dstdir")),
            ("idd", Some("id")),
            ("ji", None),
            ("idx", Some("id")),
            ("xyzzy", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known), near, "{written}");
        }
        assert_eq!(steps("kitten", "sitting"), 3);
    }
}
