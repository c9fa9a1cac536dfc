//! Everything that was prepared, compared with a storage account, for the page.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use shared::api::{
    ApiError, News, Secret, StorageLog, StorageQuestion, StorageReply, StorageRequest, code,
};

use crate::blobs::{Authorization, Endpoint, EndpointError, Patience, Store};
use crate::confirm::{Asked, Evidence, Finding, Progress, confirm, in_the_way};
use crate::export::Reach;
use crate::jobs::{JobError, Jobs, KeptManifest, kept_manifest, session_journals};
use crate::pipeline::Cancel;
use crate::repair::Originals;

/// Time between two words of how far a comparison is.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// Findings that are sent; the rest is counted.
const FINDINGS_MAX: usize = 1000;
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

/// Compares what a session's drives were prepared with, by the journals in a folder, with what is in an account.
///
/// # Errors
/// [`ApiError`] when address or signature are none, a journal cannot be believed or a manifest not be had, the account does
/// not answer, or nobody waits any more.
pub(super) fn compare(
    asked: &StorageRequest,
    watch: &StorageWatch,
) -> Result<StorageReply, ApiError> {
    let reach = reach(&asked.store, &asked.signature, &watch.cancel)?;
    let (read_back, evidence) = match &asked.question {
        StorageQuestion::Arrived { read_back, logs } => (*read_back, evidence(logs)?),
        StorageQuestion::InTheWay => (false, Evidence::default()),
    };
    let drives = drives(asked)?;
    let of = Asked {
        drives: &drives,
        evidence: &evidence,
        originals: &Originals::new(Vec::new(), HashMap::new()),
        read_back,
        cancel: &watch.cancel,
    };
    let mut findings = Vec::new();
    let mut left_out = 0_u64;
    let mut find = |found: Finding| {
        if findings.len() < FINDINGS_MAX {
            findings.push(found);
        } else {
            left_out = left_out.saturating_add(1);
        }
    };
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
    Ok(StorageReply {
        verdict,
        sentence,
        drives: drives.into_iter().map(|drive| drive.serial).collect(),
        files: report.files,
        bytes: report.bytes,
        unproven: report.unproven,
        findings,
        findings_left_out: left_out,
    })
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

/// Makes ready for the account; nothing is sent yet.
fn reach(store: &str, signature: &Secret, cancel: &Cancel) -> Result<Reach, ApiError> {
    let endpoint = Endpoint::parse(store).map_err(|error| match error {
        // It is not shown again: there may be a signature in it.
        EndpointError::HasSecret => wrong(
            "The account's address has a query or a password in it, most likely a signature.",
            "the account's address",
        )
        .next(
            "Give the address alone; a signature has a field of its own, where nobody can read it.",
        ),
        error => wrong(&error.to_string(), "the account's address"),
    })?;
    let authorization = Authorization::signature(signature.as_bytes())
        .map_err(|error| wrong(&error.to_string(), "the signature"))?;
    let failed = |what: String| ApiError::new(code::IO, what).at(store).safe(SAFE);
    let opened = Store::open(endpoint, authorization, Patience::default(), cancel.clone());
    let opened = opened.map_err(|error| failed(error.to_string()).next(error.next()))?;
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
    use super::*;

    fn asked(store: &str, signature: &str) -> StorageRequest {
        StorageRequest {
            folder: "/no/such/folder".to_owned(),
            session: "reel-1".to_owned(),
            store: store.to_owned(),
            signature: Secret::new(signature.to_owned()),
            question: StorageQuestion::InTheWay,
        }
    }

    #[test]
    fn what_opens_nothing_is_refused_before_anything_is_read_or_sent_and_not_shown() {
        for (store, signature, place) in [
            ("http://a.example/", "sig=hush", "the account's address"),
            (
                "https://a.example/?sv=1&sig=hush",
                "sig=x",
                "the account's address",
            ),
            ("hush", "sig=x", "the account's address"),
            ("http://127.0.0.1:1/a", "hush", "the signature"),
            ("http://127.0.0.1:1/a", "sig=hu sh", "the signature"),
        ] {
            let error = compare(&asked(store, signature), &StorageWatch::default());
            let error = error.expect_err(store);
            assert_eq!(
                (error.code.as_str(), error.place.as_str()),
                (code::BAD_REQUEST, place)
            );
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
        let error = compare(
            &asked("http://127.0.0.1:1/a", "sig=x"),
            &StorageWatch::default(),
        );
        let error = error.expect_err("no such folder");
        assert_eq!(error.place, "/no/such/folder");
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
