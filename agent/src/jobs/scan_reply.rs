//! What a scan says of itself.

use shared::api::{NameProblem, ScanCounts, ScanReply};
use shared::job::{LeftOut, LeftOutReason};
use shared::plan::{Listing, problems};

use super::Gathered;

/// A browser plans from a listing of this many entries, which take about a gigabyte there; beyond,
/// the agent alone does.
const ENTRIES_MAX: u32 = 12_000_000;
/// So many things are named; the counts tell the rest.
const NAMED_MAX: usize = 1_000;

/// Returns what is to be said of the folder `path`.
#[must_use]
pub fn scan_reply(path: &str, gathered: &Gathered) -> ScanReply {
    let (unreadable, left_out): (Vec<&LeftOut>, Vec<&LeftOut>) = gathered
        .skipped
        .iter()
        .partition(|skipped| skipped.reason == LeftOutReason::Unreadable);
    let found = problems(&gathered.listing, &gathered.mapping).found;
    let named = found.iter().take(NAMED_MAX).map(|problem| NameProblem {
        path: problem.path.clone(),
        rule: problem.rule.to_string(),
        mend: problem.proposal.clone().unwrap_or_default(),
    });
    ScanReply {
        path: path.to_owned(),
        counts: count(&gathered.listing),
        unreadable: first(&unreadable),
        unreadable_counts: gathered.unreadable,
        left_out: first(&left_out),
        left_out_count: number(gathered.skipped.len()),
        problems: named.collect(),
        problem_count: number(found.len()),
        notes: gathered.notes.clone(),
        unique_bytes: gathered.unique_bytes.unwrap_or(0),
        has_listing: gathered.listing.len() <= ENTRIES_MAX,
    }
}

fn count(listing: &Listing) -> ScanCounts {
    let mut counts = ScanCounts::default();
    for (_, entry) in listing.iter() {
        if entry.is_folder {
            counts.folders = counts.folders.saturating_add(1);
        } else {
            counts.files = counts.files.saturating_add(1);
            counts.bytes = counts.bytes.saturating_add(entry.bytes);
        }
    }
    counts
}

fn first(left_out: &[&LeftOut]) -> Vec<LeftOut> {
    left_out
        .iter()
        .take(NAMED_MAX)
        .map(|left_out| (*left_out).clone())
        .collect()
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
