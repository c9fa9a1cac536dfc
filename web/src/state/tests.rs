//! What happens to the state when something happens.

use shared::api::{DriveSnapshot, News, Progress, SerialSource};
use shared::job::{DriveState, Moment};

use super::*;

pub(super) fn drive(path: &str, erasable: bool) -> Drive {
    Drive {
        path: path.to_owned(),
        serial: path.to_uppercase(),
        serial_source: SerialSource::Image,
        bridge_serial: String::new(),
        wwn: String::new(),
        model: String::new(),
        bytes: 1 << 30,
        sector_bytes: 512,
        physical_sector_bytes: None,
        bus: String::new(),
        erasable,
        reasons: Vec::new(),
        contents: Vec::new(),
        blank: Some(true),
        warnings: Vec::new(),
    }
}

fn job(id: &str) -> JobSnapshot {
    JobSnapshot {
        id: id.to_owned(),
        session: "s".to_owned(),
        source: "/src".to_owned(),
        destination: "c/".to_owned(),
        state: JobState::Running,
        verdict: None,
        started: Moment(0),
        ended: None,
        drives: vec![DriveSnapshot {
            serial: "WD4411".to_owned(),
            model: String::new(),
            path: String::new(),
            state: DriveState::PLANNED,
            files: 1,
            progress: Progress::default(),
            left_out: Vec::new(),
            left_out_count: 0,
            verdict: None,
            findings: Vec::new(),
            journal: String::new(),
            is_closed: false,
            checked: String::new(),
        }],
        journal_dir: String::new(),
    }
}

fn progress(bytes_written: u64, rate: u64) -> Action {
    Action::Event(Box::new(Event {
        number: 1,
        news: News::Progress {
            job: "a".to_owned(),
            serial: "WD4411".to_owned(),
            progress: Progress {
                bytes_total: 100,
                bytes_written,
                rate,
                ..Progress::default()
            },
        },
    }))
}

#[test]
fn nothing_is_chosen_at_the_beginning() {
    let state = reduce(
        State::default(),
        Action::DrivesSeen(Ok(vec![drive("a", true)])),
    );
    assert_eq!(state.picked_drives().count(), 0);
}

#[test]
fn a_drive_that_is_gone_or_locked_is_not_chosen_any_more() {
    let mut state = reduce(
        State::default(),
        Action::DrivesSeen(Ok(vec![
            drive("a", true),
            drive("b", true),
            drive("c", true),
        ])),
    );
    for path in ["a", "b", "c"] {
        state = reduce(state, Action::Pick(path.to_owned(), true));
    }
    let state = reduce(
        state,
        Action::DrivesSeen(Ok(vec![drive("a", true), drive("b", false)])),
    );
    let picked: Vec<_> = state
        .picked_drives()
        .map(|drive| drive.path.as_str())
        .collect();
    assert_eq!(picked, ["a"]);
}

#[test]
fn a_new_listing_drops_the_plan_and_the_choice_about_names() {
    let mut state = State::default();
    state.draft.names = Some(crate::draft::Names::LeaveOut);
    state.plan = Planning::Ready(Rc::default());
    let origin = Origin::File("a.csv".to_owned());
    let state = reduce(state, Action::SourceRead(origin.clone(), Listed::default()));
    assert_eq!(state.plan, Planning::Nothing);
    assert_eq!(state.draft.names, None);
    let before = state.source.clone();
    let state = reduce(state, Action::SourceRead(origin, Listed::default()));
    assert_ne!(state.source, before);
}

#[test]
fn the_old_plan_stays_visible_while_the_next_is_made_but_is_not_ready() {
    let state = reduce(State::default(), Action::Planned(Ok(PlanView::default())));
    let state = reduce(state, Action::PlanHashed("1e".to_owned()));
    assert!(state.ready_plan().is_some() && state.plan_hash == "1e");
    let state = reduce(state, Action::PlanBegun);
    assert!(state.plan.view().is_some());
    assert!(state.ready_plan().is_none() && state.plan_hash.is_empty());
}

#[test]
fn progress_reaches_its_drive_and_its_trace() {
    let mut state = reduce(State::default(), Action::Jobs(vec![job("a"), job("b")]));
    for step in 0..300 {
        state = reduce(state, progress(step % 100, step));
    }
    assert_eq!(state.jobs[0].drives[0].progress.bytes_written, 99);
    assert_eq!(state.jobs[1].drives[0].progress.bytes_written, 0);
    let trace = &state.traces[&("a".to_owned(), "WD4411".to_owned())];
    assert_eq!((trace.len(), trace.last()), (TRACE_MAX, Some(&299)));
}

#[test]
fn only_every_quarter_is_told_aloud() {
    let mut state = reduce(State::default(), Action::Jobs(vec![job("a")]));
    let mut told = Vec::new();
    for step in 0..=100 {
        state = reduce(state, progress(step, 1));
        if told.last() != Some(&state.milestone) {
            told.push(state.milestone.clone());
        }
    }
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[1].contains("25 %"), "{told:?}");
}

#[test]
fn a_job_that_somebody_else_started_appears() {
    let event = Event {
        number: 7,
        news: News::Job {
            snapshot: Box::new(job("new")),
        },
    };
    let state = reduce(State::default(), Action::Event(Box::new(event)));
    assert_eq!(state.jobs[0].id, "new");
}

#[test]
fn why_a_job_could_not_be_gone_on_with_is_forgotten_once_it_is() {
    let stopped = JobSnapshot {
        state: JobState::Interrupted,
        ..job("a")
    };
    let refused = Resume::Refused(ApiError::new("refused", "the drive is not here"));
    let state = reduce(State::default(), Action::Jobs(vec![stopped]));
    let state = reduce(state, Action::Resume("a".to_owned(), Some(refused)));
    assert_eq!(state.resumes.len(), 1);
    let snapshot = Box::new(job("a"));
    let event = Event {
        number: 1,
        news: News::Job { snapshot },
    };
    let state = reduce(state, Action::Event(Box::new(event)));
    assert!(state.resumes.is_empty());
}

#[test]
fn a_hidden_password_is_forgotten() {
    let drive = ("a".to_owned(), "WD4411".to_owned());
    let state = reduce(
        State::default(),
        Action::Key(drive.clone(), Some("111111".to_owned())),
    );
    let state = reduce(state, Action::Key(drive, None));
    assert!(state.keys.is_empty());
}

#[test]
fn a_scan_tells_of_its_own_folder_how_far_it_is() {
    let mut state = reduce(State::default(), Action::ReadSource("/srv".to_owned()));
    for (path, files, folders_left) in [("/srv", 5, 3), ("/other", 9, 0)] {
        let counts = ScanCounts {
            files,
            ..ScanCounts::default()
        };
        let news = News::Scanning {
            path: path.to_owned(),
            counts,
            folders_left,
        };
        state = reduce(state, Action::Event(Box::new(Event { number: 1, news })));
    }
    let Source::Reading {
        counts,
        folders_left,
        ..
    } = state.source
    else {
        panic!("{:?}", state.source);
    };
    assert_eq!((counts.files, folders_left), (5, 3));
}
