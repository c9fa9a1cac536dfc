//! Stopping at any moment.

use agent::device::Said;
use agent::jobs::{Confirmation, JobRequest, Jobs, Kind, Origin, TargetRequest};
use shared::api::{FreeSpace, JobState, News};
use shared::job::{DriveState, Stage, Verdict};

use super::support::{Place, json, noise, text};

fn start(place: &Place, jobs: &Jobs, serial: &str) -> (String, String) {
    let image = place.drive(serial, "200MB");
    let request = JobRequest {
        drives: vec![TargetRequest {
            path: image,
            serial: None,
            free_space: FreeSpace::Blank,
            existing_key: None,
        }],
        journal_dirs: vec![place.journals()],
        ..JobRequest::listing(
            "stopped",
            Origin::Folder {
                path: place.source(),
                destination: "film/".to_owned(),
            },
        )
    };
    let reply = jobs.start(request).unwrap();
    (reply.job.unwrap(), reply.plan_hash)
}

#[test]
fn a_cancelled_drive_says_so_in_its_journal_and_is_not_recognisable() {
    let place = Place::new();
    place.file("a", &noise(1, 120 << 20));
    let jobs = Jobs::open(None).unwrap();
    let (job, plan) = start(&place, &jobs, "STOP");
    let mut events = jobs.subscribe();
    jobs.confirm(
        &job,
        &plan,
        &[Confirmation {
            serial: "STOP".to_owned(),
            said: Said::BlankImage,
            accepts_sectors: false,
        }],
    )
    .unwrap();
    loop {
        let news = events.blocking_recv().unwrap().news;
        if matches!(
            &news,
            News::Drive {
                state: DriveState::At(Stage::Erased),
                ..
            }
        ) {
            jobs.cancel(&job).unwrap();
            break;
        }
    }
    let end = jobs.wait(&job).unwrap();
    assert_eq!(
        (end.state, end.verdict),
        (JobState::Ended, Some(Verdict::Failed))
    );
    assert_eq!(jobs.kind(&job), Some(Kind::Incomplete));
    let replay = shared::journal::replay(&std::fs::read(place.journal("STOP")).unwrap()).unwrap();
    assert!(
        matches!(replay.state, DriveState::Cancelled { .. }),
        "{}",
        replay.state
    );
    let (code, report) = json(&["journal", "check", text(&place.journal("STOP"))]);
    assert_eq!(
        (code, &report["verdict"]),
        (1, &"unfinished".into()),
        "{report}"
    );
    let image = std::fs::read(place.path("STOP.img")).unwrap();
    assert!(
        image[..1 << 20].iter().all(|byte| *byte == 0),
        "no partition table"
    );
    // Where the boot sector would be there is what the erase leaves to know the drive by: one hash,
    // again and again, and zeros behind it.
    let (marker, behind) = image[1 << 20..(1 << 20) + 8192].split_at(4096);
    let first = &marker[..32];
    assert!(first.iter().any(|byte| *byte != 0), "no marker");
    assert!(marker.chunks(32).all(|part| part == first), "a boot sector");
    assert!(behind.iter().all(|byte| *byte == 0), "a boot sector");
    let seen = agent::device::describe(&place.path("STOP.img"), None).unwrap();
    let found = seen.contents.signatures;
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_job_that_waits_for_its_confirmation_can_be_dropped() {
    let place = Place::new();
    place.file("a", b"a");
    let jobs = Jobs::open(None).unwrap();
    let (job, plan) = start(&place, &jobs, "DROP");
    assert!(jobs.busy());
    let end = jobs.cancel(&job).unwrap();
    assert_eq!(end.state, JobState::Ended);
    assert!(!jobs.busy());
    let words = [Confirmation {
        serial: "DROP".to_owned(),
        said: Said::BlankImage,
        accepts_sectors: false,
    }];
    assert!(jobs.confirm(&job, &plan, &words).is_err());
    assert!(!place.journals().exists());
}

#[test]
fn a_confirmation_of_another_plan_or_without_words_is_refused_and_the_job_still_waits() {
    let place = Place::new();
    place.file("a", b"a");
    let jobs = Jobs::open(None).unwrap();
    let (job, plan) = start(&place, &jobs, "WAITS");
    let words = [Confirmation {
        serial: "WAITS".to_owned(),
        said: Said::BlankImage,
        accepts_sectors: false,
    }];
    let other = "00".repeat(32);
    assert_eq!(
        jobs.confirm(&job, &other, &words).unwrap_err().kind,
        Kind::Refused
    );
    assert_eq!(
        jobs.confirm(&job, &plan, &[]).unwrap_err().kind,
        Kind::Refused
    );
    let wrong = [Confirmation {
        serial: "WAITS".to_owned(),
        said: Said::LastFour("XXXX".to_owned()),
        accepts_sectors: false,
    }];
    assert_eq!(
        jobs.confirm(&job, &plan, &wrong).unwrap_err().kind,
        Kind::Refused
    );
    jobs.confirm(&job, &plan, &words).unwrap();
    assert_eq!(jobs.wait(&job).unwrap().verdict, Some(Verdict::Verified));
    assert!(jobs.confirm(&job, &plan, &words).is_err());
}

#[test]
fn jobs_of_an_earlier_run_are_remembered_with_what_their_journals_say() {
    let place = Place::new();
    place.file("a", b"a");
    let state = place.path("state");
    let jobs = Jobs::open(Some(state.clone())).unwrap();
    let (job, plan) = start(&place, &jobs, "KNOWN");
    let words = [Confirmation {
        serial: "KNOWN".to_owned(),
        said: Said::BlankImage,
        accepts_sectors: false,
    }];
    jobs.confirm(&job, &plan, &words).unwrap();
    jobs.wait(&job).unwrap();
    let password = jobs.recovery_password(&job, "KNOWN").unwrap();
    drop(jobs);
    let jobs = Jobs::open(Some(state)).unwrap();
    let known = jobs.snapshot(&job).unwrap();
    assert_eq!(
        (known.state, known.verdict),
        (JobState::Ended, Some(Verdict::Verified))
    );
    assert_eq!(jobs.recovery_password(&job, "KNOWN").unwrap(), password);
}
