//! What the agent tells by itself.

use super::{JobSnapshot, JobState, Progress, Receiving, ScanCounts};
use crate::job::{DriveState, Finding, LeftOut, Moment, Verdict};
use serde::{Deserialize, Serialize};

/// One server-sent event: `id:` is [`number`](Self::number), `data:` this object as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Counts up from 1; a gap tells the page to fetch the job again.
    pub number: u64,
    /// What happened.
    #[serde(flatten)]
    pub news: News,
}

/// What happened. All but `Job` are changes of a snapshot that the page has; [`JobSnapshot::apply`]
/// takes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum News {
    /// A whole job: new, or changed in more than numbers.
    Job {
        /// As it stands.
        snapshot: Box<JobSnapshot>,
    },
    /// A job stands elsewhere.
    JobState {
        /// The job.
        job: String,
        /// Where it stands now.
        state: JobState,
        /// What its end is called.
        verdict: Option<Verdict>,
        /// When it ended.
        ended: Option<Moment>,
    },
    /// A drive stands elsewhere; its journal has it already.
    Drive {
        /// The job.
        job: String,
        /// The drive.
        serial: String,
        /// Where it stands now.
        state: DriveState,
        /// What its end is called.
        verdict: Option<Verdict>,
    },
    /// A drive was checked for errors and has none.
    Checked {
        /// The job.
        job: String,
        /// The drive.
        serial: String,
        /// How, in words.
        how: String,
    },
    /// A drive came further.
    Progress {
        /// The job.
        job: String,
        /// The drive.
        serial: String,
        /// How far it is.
        progress: Progress,
    },
    /// A file is not going onto the drive.
    LeftOut {
        /// The job.
        job: String,
        /// The drive.
        serial: String,
        /// The file; none past the 200th.
        file: Option<LeftOut>,
        /// How many are not on it in all.
        count: u64,
    },
    /// The verification found something.
    Found {
        /// The job.
        job: String,
        /// The drive.
        serial: String,
        /// What.
        finding: Finding,
    },
    /// A scan came further.
    Scanning {
        /// The source folder as asked for.
        path: String,
        /// What was counted so far.
        counts: ScanCounts,
        /// Folders seen and not gone through yet.
        #[serde(default)]
        folders_left: u64,
    },
    /// A comparison with a storage account came further.
    Comparing {
        /// The session whose drives are asked about.
        session: String,
        /// Blobs that the account has listed so far.
        listed: u64,
        /// Bytes that were read so far, back from it or of originals.
        read: u64,
    },
    /// Drives that came back are further, or all of it is over.
    Receiving {
        /// How it stands.
        state: Receiving,
    },
    /// A drive was plugged in or taken out: list them again.
    DrivesChanged,
    /// Nothing; keeps the connection open.
    Tick,
}

impl JobSnapshot {
    /// Takes a change into this snapshot. Returns whether it was about this job and was taken;
    /// `false` for a drive that the snapshot does not have, then the job is to be fetched again.
    pub fn apply(&mut self, news: &News) -> bool {
        match news {
            News::Job { snapshot } if snapshot.id == self.id => {
                self.clone_from(snapshot);
                true
            }
            News::JobState {
                job,
                state,
                verdict,
                ended,
            } if *job == self.id => {
                (self.state, self.verdict, self.ended) = (*state, *verdict, *ended);
                true
            }
            News::Drive {
                job,
                serial,
                state,
                verdict,
            } => self.change(job, serial, |drive| {
                drive.state = state.clone();
                drive.verdict = *verdict;
            }),
            News::Checked { job, serial, how } => {
                self.change(job, serial, |drive| drive.checked.clone_from(how))
            }
            News::Progress {
                job,
                serial,
                progress,
            } => self.change(job, serial, |drive| drive.progress = *progress),
            News::LeftOut {
                job,
                serial,
                file,
                count,
            } => self.change(job, serial, |drive| {
                drive.left_out.extend(file.clone());
                drive.left_out_count = *count;
            }),
            News::Found {
                job,
                serial,
                finding,
            } => self.change(job, serial, |drive| drive.findings.push(finding.clone())),
            _ => false,
        }
    }

    fn change(
        &mut self,
        job: &str,
        serial: &str,
        change: impl FnOnce(&mut super::DriveSnapshot),
    ) -> bool {
        let drive = if self.id == job {
            self.drives.iter_mut().find(|drive| drive.serial == serial)
        } else {
            None
        };
        drive.map(change).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::super::DriveSnapshot;
    use super::*;
    use crate::job::{LeftOutReason, Stage};

    fn job() -> JobSnapshot {
        let drive = DriveSnapshot {
            serial: "WD1".into(),
            model: String::new(),
            path: "/dev/sdb".into(),
            state: DriveState::PLANNED,
            files: 3,
            progress: Progress::default(),
            left_out: Vec::new(),
            left_out_count: 0,
            verdict: None,
            findings: Vec::new(),
            journal: "WD1.jrn".into(),
            is_closed: false,
            checked: String::new(),
        };
        JobSnapshot {
            id: "j1".into(),
            session: "reels".into(),
            source: "/srv/film".into(),
            destination: "film/".into(),
            state: JobState::Running,
            verdict: None,
            started: Moment(0),
            ended: None,
            drives: vec![drive],
            journal_dir: String::new(),
        }
    }

    #[test]
    fn a_change_reaches_its_drive_and_no_other_job() {
        let mut snapshot = job();
        let progress = Progress {
            bytes_written: 7,
            ..Progress::default()
        };
        let news = |job: &str| News::Progress {
            job: job.into(),
            serial: "WD1".into(),
            progress,
        };
        assert!(!snapshot.apply(&news("j2")));
        assert_eq!(snapshot, job());
        assert!(snapshot.apply(&news("j1")));
        assert_eq!(snapshot.drives[0].progress, progress);
    }

    #[test]
    fn an_unknown_drive_asks_for_the_job_again() {
        let news = News::Progress {
            job: "j1".into(),
            serial: "WD2".into(),
            progress: Progress::default(),
        };
        assert!(!job().apply(&news));
    }

    #[test]
    fn every_event_comes_back_from_its_json() {
        let events = [
            News::Job {
                snapshot: Box::new(job()),
            },
            News::JobState {
                job: "j1".into(),
                state: JobState::Ended,
                verdict: Some(Verdict::Failed),
                ended: Some(Moment(9)),
            },
            News::Drive {
                job: "j1".into(),
                serial: "WD1".into(),
                state: DriveState::At(Stage::Writing { through: u64::MAX }),
                verdict: None,
            },
            News::Checked {
                job: "j1".into(),
                serial: "WD1".into(),
                how: "every sector".into(),
            },
            News::LeftOut {
                job: "j1".into(),
                serial: "WD1".into(),
                file: Some(LeftOut {
                    path: "a/b".into(),
                    reason: LeftOutReason::Changed,
                }),
                count: 1,
            },
            News::Scanning {
                path: "/srv".into(),
                counts: ScanCounts::default(),
                folders_left: 3,
            },
            News::Comparing {
                session: "reels".into(),
                listed: 5_000,
                read: u64::MAX,
            },
            News::Receiving {
                state: Receiving::Running(crate::api::ReceiveRun::default()),
            },
            News::Tick,
        ];
        for (number, news) in (1..).zip(events) {
            let event = Event { number, news };
            let json = serde_json::to_string(&event).expect("plain data");
            assert_eq!(serde_json::from_str::<Event>(&json).expect(&json), event);
        }
    }
}
