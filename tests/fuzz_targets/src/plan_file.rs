//! `<session>.plan`, from which a resume goes on.

use agent::jobs::plan_file::read_from;

/// Reads a plan. Every drive of one that is accepted has entries that are there, each once, ascending; what is cut off is
/// refused.
pub(crate) fn run(input: &[u8]) {
    let Ok(plan) = read_from(input, "p.plan") else {
        return;
    };
    assert_eq!(plan.entries.len(), plan.head.drives.len());
    let count = plan.gathered.listing.len();
    for entries in &plan.entries {
        assert!(entries.is_sorted_by(|one, next| one < next));
        assert!(entries.last().is_none_or(|last| *last < count));
    }
    let head = serde_json::to_string(&plan.head).expect("plain data");
    assert!(!head.contains('\n'), "the head is one line");
    // The last line that counts is the foot: without its end the plan is none.
    let whole = input.len().saturating_sub(1);
    let cut = (0..whole).rev().find(|at| input[*at] == b'\n').unwrap_or(0);
    assert!(
        read_from(&input[..cut], "p.plan").is_err() || is_behind_the_foot(&input[..cut]),
        "a plan without its foot was read"
    );
}

/// Whether a whole plan is there before this end: what follows a foot does not count.
fn is_behind_the_foot(input: &[u8]) -> bool {
    let mut lines = input.split_inclusive(|byte| *byte == b'\n');
    lines.any(|line| line.ends_with(b"\n") && line.starts_with(b"{\"entries\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(name: &str) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/plan_file/");
        std::fs::read(format!("{folder}{name}")).expect("a seed")
    }

    #[test]
    fn the_seeds_reach_what_is_behind_the_first_line() {
        for name in ["seed-frozen", "seed-planned", "seed-more-behind"] {
            assert!(read_from(&seed(name)[..], "p").is_ok(), "{name}");
        }
        let refused = |name: &str| {
            let error = read_from(&seed(name)[..], "p").expect_err(name);
            error.to_string()
        };
        assert!(refused("seed-place-far").contains("no drive 7"));
        assert!(refused("seed-version").contains("version 2"));
        assert!(refused("seed-foot-count").contains("9 entries"));
    }
}
