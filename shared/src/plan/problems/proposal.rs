//! A name that would do.

use ntfs_image::name::UNITS_MAX;

use super::Rule;

/// Extensions up to this many units are kept when a name is cut.
const EXTENSION_UNITS_MAX: usize = 16;
/// Numbers tried behind a name that is taken.
const NUMBERS_MAX: u32 = 999;

/// Returns the name nearest to `name` that breaks no rule of names and is not `taken`; at most
/// `units_max` UTF-16 units.
pub(in crate::plan) fn propose(
    name: &str,
    units_max: usize,
    taken: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let units_max = units_max.min(UNITS_MAX);
    let clean = cut(&clean(name), units_max, "");
    let free = |candidate: &String| Rule::of_name(candidate).is_none() && !taken(candidate);
    if free(&clean) && clean != name {
        return Some(clean);
    }
    (2..=NUMBERS_MAX)
        .map(|number| cut(&clean, units_max, &format!(" ({number})")))
        .find(free)
}

fn clean(name: &str) -> String {
    let bad = |found: char| found.is_control() || "\"*/:<>?\\|\u{fffe}\u{ffff}".contains(found);
    let replaced: String = name
        .chars()
        .map(|found| if bad(found) { '_' } else { found })
        .collect();
    let kept = replaced.trim_end_matches([' ', '.']);
    let lost = replaced.len().saturating_sub(kept.len());
    let mut whole = if lost > 0 || kept.is_empty() {
        format!("{kept}_")
    } else {
        replaced
    };
    if let Some(Rule::Name(ntfs_image::name::NameProblem::Device { .. })) = Rule::of_name(&whole) {
        let stem = whole.find('.').unwrap_or(whole.len());
        whole.insert(stem, '_');
    }
    whole
}

/// Puts `mark` before the extension and cuts the stem so that all of it has at most `units_max`
/// units.
fn cut(name: &str, units_max: usize, mark: &str) -> String {
    let units = |text: &str| text.encode_utf16().count();
    let dot = name.rfind('.').filter(|dot| *dot > 0);
    let dot = dot.filter(|dot| units(name.get(*dot..).unwrap_or("")) <= EXTENSION_UNITS_MAX);
    let (stem, extension) = name.split_at(dot.unwrap_or(name.len()));
    let room = units_max
        .saturating_sub(units(extension))
        .saturating_sub(units(mark));
    let mut used = 0_usize;
    let fits = |found: &char| {
        used = used.saturating_add(found.len_utf16());
        used <= room
    };
    let stem: String = stem.chars().take_while(fits).collect();
    format!("{}{mark}{extension}", stem.trim_end_matches([' ', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(name: &str) -> Option<String> {
        propose(name, UNITS_MAX, &|_| false)
    }

    #[test]
    fn each_bad_name_gets_one_that_windows_takes() {
        for (bad, good) in [
            ("a:b?.txt", "a_b_.txt"),
            ("tail. ", "tail_"),
            ("..", "_"),
            ("CON", "CON_"),
            ("nul.tar.gz", "nul_.tar.gz"),
            ("x\u{7f}\u{ffff}", "x__"),
            ("", "_"),
            (".", "_"),
        ] {
            assert_eq!(mended(bad).as_deref(), Some(good), "{bad:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_before_its_extension_and_never_inside_a_character() {
        let long = format!("{}.mov", "\u{1f980}".repeat(140));
        let good = mended(&long).expect("can be cut");
        assert_eq!(good.encode_utf16().count(), 254);
        assert!(good.ends_with("\u{1f980}.mov"));
    }

    #[test]
    fn a_taken_name_gets_the_first_free_number() {
        let taken = |name: &str| ["a.txt", "a (2).txt"].contains(&name);
        assert_eq!(
            propose("a.txt", UNITS_MAX, &taken).as_deref(),
            Some("a (3).txt")
        );
        assert_eq!(propose("a.txt", UNITS_MAX, &|_| true), None);
    }
}
