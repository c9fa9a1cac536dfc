//! Everything that was prepared, compared with a storage account, for the page.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use shared::api::{
    ApiError, News, StorageLog, StorageQuestion, StorageReply, StorageReport, StorageRequest, code,
};

use super::last_report::LastReport;
use crate::blobs::{Authorization, Endpoint, EndpointError, Patience, Store, StoreFault};
use crate::confirm::{Asked, Evidence, Finding, Findings, Found, Progress, confirm, in_the_way};
use crate::export::Reach;
use crate::jobs::{JobError, Jobs, KeptManifest, kept_manifest, session_journals};
use crate::pipeline::Cancel;
use crate::repair::Originals;

/// Time between two words of how far a comparison is.
const TELL_EVERY: Duration = Duration::from_millis(250);
const SAFE: &str = "Nothing was changed anywhere.";

/// How far a comparison is, and the wish that it ends. Cloning gives another handle to the same.
#[derive(Clone, Debug, Default)]
pub(super) struct StorageWatch {
    cancel: Cancel,
    far: Arc<(AtomicU64, AtomicU64)>,
}

/// Ends a comparison when nobody waits for it any more.
pub(super) struct EndsComparison(pub(super) StorageWatch);

impl Drop for EndsComparison {
    fn drop(&mut self) {
        self.0.cancel.cancel();
    }
}

impl StorageWatch {
    fn take(&self, progress: Progress) {
        let (listed, read) = self.far.as_ref();
        match progress {
            Progress::Listed(blobs) => listed.store(blobs, Ordering::Relaxed),
            Progress::Read(bytes) => read.store(bytes, Ordering::Relaxed),
        }
    }
}

/// Tells how far the comparison of `session` is, until it is dropped.
pub(super) async fn tell(jobs: &Jobs, session: &str, watch: &StorageWatch) -> Infallible {
    loop {
        tokio::time::sleep(TELL_EVERY).await;
        let (listed, read) = watch.far.as_ref();
        jobs.publish(News::Comparing {
            session: session.to_owned(),
            listed: listed.load(Ordering::Relaxed),
            read: read.load(Ordering::Relaxed),
        });
    }
}

/// Compares what a session's drives were prepared with, by the journals in a folder, with what is in an account. All that is
/// found is in the last report then.
///
/// # Errors
/// [`ApiError`] when the address is none, what opens the account is none, a folder of originals cannot be read, a journal
/// cannot be believed or a manifest not be had, the account does not answer, or nobody waits any more.
pub(super) fn compare(
    asked: &StorageRequest,
    watch: &StorageWatch,
    reports: &LastReport,
) -> Result<StorageReply, ApiError> {
    let reach = reach(asked, &watch.cancel)?;
    let (read_back, evidence, folders) = match &asked.question {
        StorageQuestion::Arrived {
            read_back,
            logs,
            originals,
        } => (*read_back, evidence(logs)?, folders(originals)?),
        StorageQuestion::InTheWay => (false, Evidence::default(), Vec::new()),
    };
    let drives = drives(asked)?;
    let of = Asked {
        drives: &drives,
        evidence: &evidence,
        originals: &Originals::new(folders, HashMap::new()),
        read_back,
        cancel: &watch.cancel,
    };
    let mut findings = Findings::new(reports.begin().map(Some));
    let mut find = |found: Finding| findings.take(found);
    let mut progress = |far| watch.take(far);
    let (report, verdict, sentence) = if asked.question == StorageQuestion::InTheWay {
        let report = in_the_way(&of, &reach, &mut find, &mut progress).map_err(told)?;
        let (verdict, sentence) = (report.shipment_verdict(), report.shipment_sentence());
        (report, verdict, sentence)
    } else {
        let report = confirm(&of, &reach, &mut find, &mut progress).map_err(told)?;
        let (verdict, sentence) = (report.verdict(), report.sentence());
        (report, verdict, sentence)
    };
    if report.is_stopped {
        return Err(ApiError::new(code::STOPPED, sentence).safe(SAFE));
    }
    let Found { shown, more, csv } = findings.finish();
    Ok(StorageReply {
        verdict,
        sentence,
        drives: drives.into_iter().map(|drive| drive.serial).collect(),
        files: report.files,
        bytes: report.bytes,
        unproven: report.unproven,
        findings: shown,
        findings_left_out: more,
        report: kept(csv, reports),
    })
}

/// Keeps the report; what was compared is told also where there is no room for it.
fn kept(csv: io::Result<Option<File>>, reports: &LastReport) -> StorageReport {
    let kept = csv.and_then(|file| file.map(|file| reports.keep(file)).transpose());
    let why = match kept {
        Ok(Some(report)) => return report,
        Ok(None) => "there was no file for it".to_owned(),
        Err(error) => error.to_string(),
    };
    StorageReport::Lost { why }
}

fn drives(asked: &StorageRequest) -> Result<Vec<KeptManifest>, ApiError> {
    let folder = Path::new(&asked.folder);
    if !folder.is_absolute() {
        let what = "The folder of the journals is not a whole path.";
        return Err(wrong(what, &asked.folder).next("Begin at the root of the file system."));
    }
    let journals = session_journals(folder, &asked.session).map_err(told)?;
    let drives = journals.iter().map(|journal| kept_manifest(journal, &[]));
    drives.collect::<Result<_, _>>().map_err(told)
}

fn evidence(logs: &[StorageLog]) -> Result<Evidence, ApiError> {
    let mut evidence = Evidence::default();
    for log in logs {
        let taken = evidence.add(log.text.as_bytes());
        taken.map_err(|error| wrong(&error.to_string(), &log.name))?;
    }
    Ok(evidence)
}

/// Returns the folders of the originals, when each can be read.
fn folders(originals: &[String]) -> Result<Vec<PathBuf>, ApiError> {
    let mut folders = Vec::new();
    for original in originals {
        let folder = PathBuf::from(original);
        if !folder.is_absolute() {
            let what = "The folder of the originals is not a whole path.";
            return Err(wrong(what, original).next("Begin at the root of the file system."));
        }
        std::fs::read_dir(&folder).map_err(|cause| {
            let what = format!("The folder of the originals cannot be read: {cause}.");
            wrong(&what, original)
                .next("Name another folder, or start the agent as a user who may read it.")
        })?;
        folders.push(folder);
    }
    Ok(folders)
}

/// Makes ready for the account; nothing is sent yet.
fn reach(asked: &StorageRequest, cancel: &Cancel) -> Result<Reach, ApiError> {
    let store = &asked.store;
    let endpoint = Endpoint::parse(store).map_err(|error| match error {
        // It is not shown again: there may be a signature in it.
        EndpointError::HasSecret => wrong(
            "The account's address has a query or a password in it, most likely a signature.",
            "the account's address",
        )
        .next(
            "Give the address alone; what opens the account has a field of its own, where nobody can read it.",
        ),
        error => wrong(&error.to_string(), "the account's address"),
    })?;
    let authorization = match (&asked.signature, &asked.token) {
        (Some(signature), None) => Authorization::signature(signature.as_bytes())
            .map_err(|error| wrong(&error.to_string(), "the signature"))?,
        (None, Some(token)) => Authorization::token(token.as_bytes())
            .map_err(|error| wrong(&error.to_string(), "the access token"))?,
        (None, None) | (Some(_), Some(_)) => {
            let what = "Either a shared access signature or an access token opens the account.";
            return Err(wrong(what, "the signature"));
        }
    };
    let failed = |what: String| ApiError::new(code::IO, what).at(store).safe(SAFE);
    let opened = Store::open(endpoint, authorization, Patience::default(), cancel.clone());
    let opened = opened.map_err(|error| match error.fault {
        StoreFault::TokenInTheOpen => {
            wrong(&error.to_string(), "the access token").next(error.next())
        }
        _ => failed(error.to_string()).next(error.next()),
    })?;
    Reach::new(opened).map_err(|error| failed(format!("cannot start threads: {error}")))
}

fn wrong(what: &str, place: &str) -> ApiError {
    ApiError::new(code::BAD_REQUEST, what).at(place).safe(SAFE)
}

fn told(error: JobError) -> ApiError {
    *error.error
}

#[cfg(test)]
mod tests {
    use shared::api::Secret;

    use super::*;

    fn signed(store: &str, signature: &str) -> StorageRequest {
        StorageRequest {
            folder: "/no/such/folder".to_owned(),
            session: "reel-1".to_owned(),
            store: store.to_owned(),
            signature: Some(Secret::new(signature.to_owned())),
            token: None,
            question: StorageQuestion::InTheWay,
        }
    }

    fn by_token(store: &str, token: &str) -> StorageRequest {
        StorageRequest {
            signature: None,
            token: Some(Secret::new(token.to_owned())),
            ..signed(store, "")
        }
    }

    fn refused(asked: &StorageRequest) -> ApiError {
        let reports = LastReport::new("/no/such/folder".into());
        let answer = compare(asked, &StorageWatch::default(), &reports);
        answer.expect_err("nothing can be compared")
    }

    const LOCAL: &str = "http://127.0.0.1:1/a";

    #[test]
    fn what_opens_nothing_is_refused_before_anything_is_read_or_sent_and_not_shown() {
        let both = StorageRequest {
            token: Some(Secret::new("hush".to_owned())),
            ..signed(LOCAL, "sig=hush")
        };
        let neither = StorageRequest {
            signature: None,
            ..signed(LOCAL, "")
        };
        for (asked, place) in [
            (
                signed("http://a.example/", "sig=hush"),
                "the account's address",
            ),
            (
                signed("https://a.example/?sv=1&sig=hush", "sig=x"),
                "the account's address",
            ),
            (signed("hush", "sig=x"), "the account's address"),
            (signed(LOCAL, "hush"), "the signature"),
            (signed(LOCAL, "sig=hu sh"), "the signature"),
            (both, "the signature"),
            (neither, "the signature"),
            (by_token("https://a.example/", ""), "the access token"),
            (by_token("https://a.example/", "hu sh"), "the access token"),
            // Not even to this computer.
            (by_token(LOCAL, "hush"), "the access token"),
        ] {
            let error = refused(&asked);
            assert_eq!(
                (error.code.as_str(), error.place.as_str()),
                (code::BAD_REQUEST, place)
            );
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
        assert_eq!(refused(&signed(LOCAL, "sig=x")).place, "/no/such/folder");
    }

    #[test]
    fn a_folder_of_originals_is_a_whole_path_and_can_be_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("room");
        let (folder, file) = (folder.path().to_str(), file.to_str());
        let (folder, file) = (folder.expect("text"), file.expect("text"));
        for (wrong, why) in [
            ("footage", "not a whole path"),
            ("", "not a whole path"),
            ("/no/such/originals", "cannot be read"),
            (file, "cannot be read"),
        ] {
            let asked = StorageRequest {
                question: StorageQuestion::Arrived {
                    read_back: false,
                    logs: Vec::new(),
                    originals: vec![folder.to_owned(), wrong.to_owned()],
                },
                ..signed(LOCAL, "sig=x")
            };
            let error = refused(&asked);
            assert_eq!(error.place, wrong);
            assert!(
                error.message.contains("The folder of the originals"),
                "{error:?}"
            );
            assert!(error.message.contains(why), "{error:?}");
        }
    }

    #[test]
    fn a_report_that_cannot_be_kept_is_lost_and_not_the_comparison() {
        let reports = LastReport::new("/no/such/folder".into());
        let StorageReport::Lost { why } = kept(reports.begin().map(Some), &reports) else {
            panic!("there is no such folder")
        };
        assert!(!why.is_empty());
    }

    #[tokio::test]
    async fn a_comparison_is_told_of_and_ends_when_nobody_waits_for_it() {
        let jobs = Jobs::open(None).expect("no folder is needed");
        let mut events = jobs.subscribe();
        let watch = StorageWatch::default();
        let ends = EndsComparison(watch.clone());
        watch.take(Progress::Listed(7));
        tokio::select! {
            never = tell(&jobs, "reel-1", &watch) => match never {},
            event = events.recv() => {
                let News::Comparing { session, listed, read } = event.expect("told").news else {
                    panic!("other news")
                };
                assert_eq!((session.as_str(), listed, read), ("reel-1", 7, 0));
            }
        }
        assert!(!watch.cancel.is_cancelled());
        drop(ends);
        assert!(watch.cancel.is_cancelled());
    }
}
