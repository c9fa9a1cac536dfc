//! A source folder, listed for a page that plans from the listing.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use shared::api::{
    ApiError, NameProblem, News, ScanCounts, ScanReply, ScanRequest, WireListing, WireListingError,
    code,
};
use shared::job::{LeftOut, LeftOutReason};
use shared::plan::{FolderId, Listing, problems};

use crate::jobs::{Gathered, JobRequest, Jobs, Origin, gather};
use crate::scan::{ScanProgress, ScanWatch};

/// A browser plans from a listing of this many entries; beyond, the agent alone does.
const ENTRIES_MAX: u32 = 3_000_000;
/// So many things are named; the counts tell the rest.
const NAMED_MAX: usize = 1_000;

/// Time between two words of how far a scan is.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// Ends a scan when nobody waits for it any more.
pub(super) struct EndsScan(pub(super) ScanWatch);

impl Drop for EndsScan {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Tells how far the scan of `path` is, until it is dropped.
pub(super) async fn tell(jobs: &Jobs, path: &str, watch: &ScanWatch) -> Infallible {
    loop {
        tokio::time::sleep(TELL_EVERY).await;
        let ScanProgress {
            files,
            bytes,
            folders,
            folders_left,
        } = watch.progress();
        jobs.publish(News::Scanning {
            path: path.to_owned(),
            counts: ScanCounts {
                files,
                bytes,
                folders,
            },
            folders_left,
        });
    }
}

/// Returns what is in the folder that is asked for.
///
/// # Errors
/// [`ApiError`] when the folder itself cannot be read, or nobody waits any more; what cannot be read below it is named in
/// the reply.
pub(super) fn scan(asked: &ScanRequest, watch: &ScanWatch) -> Result<ScanReply, ApiError> {
    let path = &asked.path;
    let origin = Origin::Folder {
        path: PathBuf::from(path),
        // Names are judged for the shortest destination there is; the plan judges them for the real one.
        destination: "container/".to_owned(),
    };
    let request = JobRequest {
        other_file_systems: asked.other_file_systems,
        watch: watch.clone(),
        ..JobRequest::listing("scan", origin)
    };
    let gathered = gather(&request).map_err(|error| *error.error)?;
    reply(path, &gathered).map_err(|error| {
        ApiError::new(
            code::INTERNAL,
            format!("The listing cannot be sent: {error}."),
        )
        .at(path)
        .safe("Nothing was changed.")
    })
}

fn reply(path: &str, gathered: &Gathered) -> Result<ScanReply, WireListingError> {
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
    Ok(ScanReply {
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
        listing: match gathered.listing.len() {
            0..=ENTRIES_MAX => Some(wire(&gathered.listing)?),
            _ => None,
        },
    })
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

/// Returns the listing in columns, its files in the order of writing.
fn wire(listing: &Listing) -> Result<WireListing, WireListingError> {
    let mut columns = WireListing::new();
    let mut numbers = HashMap::from([(FolderId::TOP, 0)]);
    for id in (1..listing.folder_count()).map(FolderId) {
        let folder = listing.folder(id);
        // A folder that nobody named has no time of its own.
        let modified = folder
            .entry
            .map_or(0, |entry| listing.entry(entry).modified.0);
        let parent = folder
            .parent
            .and_then(|parent| numbers.get(&parent).copied());
        let number = columns.push_folder(parent.unwrap_or(0), folder.name(), modified)?;
        numbers.insert(id, number);
    }
    for (_, entry) in listing.iter().filter(|(_, entry)| !entry.is_folder) {
        let folder = numbers.get(&entry.folder).copied().unwrap_or(0);
        columns.push_file(folder, entry.name(), entry.bytes, entry.modified.0)?;
    }
    Ok(columns)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str) -> ScanRequest {
        ScanRequest {
            path: path.to_owned(),
            other_file_systems: false,
        }
    }

    #[tokio::test]
    async fn a_scan_is_told_of_and_ends_when_nobody_waits_for_it() {
        let jobs = Jobs::open(None).expect("no folder is needed");
        let mut events = jobs.subscribe();
        let watch = ScanWatch::default();
        let ends = EndsScan(watch.clone());
        tokio::select! {
            never = tell(&jobs, "/srv", &watch) => match never {},
            event = events.recv() => {
                let News::Scanning { path, folders_left, .. } = event.expect("told").news else {
                    panic!("other news")
                };
                assert_eq!((path.as_str(), folders_left), ("/srv", 0));
            }
        }
        assert!(!watch.is_cancelled());
        drop(ends);
        let error = scan(&asked("/"), &watch).expect_err("nobody waits");
        assert_eq!(error.code, code::STOPPED);
    }

    #[test]
    fn a_folder_comes_back_as_the_listing_that_the_agent_itself_plans_from() {
        let temporary = tempfile::tempdir().expect("a folder");
        let root = temporary.path();
        std::fs::create_dir_all(root.join("a/empty")).expect("folders");
        std::fs::write(root.join("a/one"), b"1").expect("a file");
        std::fs::write(root.join("two"), b"22").expect("a file");
        std::fs::write(root.join("CON"), b"").expect("a file");
        let reply =
            scan(&asked(root.to_str().expect("text")), &ScanWatch::default()).expect("scanned");
        assert_eq!(
            (reply.counts.files, reply.counts.bytes, reply.counts.folders),
            (3, 3, 2)
        );
        assert_eq!(reply.problem_count, 1);
        assert_eq!(reply.problems[0].path, "CON");
        let mut paths = Vec::new();
        let listing = reply.listing.expect("few entries");
        listing
            .for_each(|entry| paths.push((entry.path, entry.bytes)))
            .expect("whole");
        paths.sort();
        let expected = [
            ("CON", 0),
            ("a", 0),
            ("a/empty", 0),
            ("a/one", 1),
            ("two", 2),
        ];
        assert_eq!(
            paths,
            expected.map(|(path, bytes)| (path.to_owned(), bytes))
        );
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = scan(&asked("/no/such/folder"), &ScanWatch::default()).expect_err("missing");
        assert_eq!(error.place, "/no/such/folder");
    }
}
