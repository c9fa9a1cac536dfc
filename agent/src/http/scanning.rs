//! A source folder, listed for a page that plans from the listing.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use shared::api::{ApiError, News, ScanCounts, ScanReply, ScanRequest};
use shared::plan::Listing;

use crate::jobs::{JobRequest, Jobs, Origin, gather, scan_reply};
use crate::scan::{ScanProgress, ScanWatch};

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

/// Returns what is in the folder that is asked for, and what to say of it.
///
/// # Errors
/// [`ApiError`] when the folder itself cannot be read, or nobody waits any more; what cannot be read below it is named in
/// the reply.
pub(super) fn scan(
    asked: &ScanRequest,
    watch: &ScanWatch,
) -> Result<(ScanReply, Listing), ApiError> {
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
    Ok((scan_reply(path, &gathered), gathered.listing))
}

#[cfg(test)]
mod tests {
    use shared::api::code;

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
        let (reply, listing) =
            scan(&asked(root.to_str().expect("text")), &ScanWatch::default()).expect("scanned");
        assert_eq!(
            (reply.counts.files, reply.counts.bytes, reply.counts.folders),
            (3, 3, 2)
        );
        assert_eq!(reply.problem_count, 1);
        assert_eq!(reply.problems[0].path, "CON");
        assert!(reply.has_listing);
        let mut paths: Vec<_> = listing
            .iter()
            .map(|(_, entry)| (entry.path.to_string(), entry.bytes))
            .collect();
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
