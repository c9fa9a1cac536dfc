//! What the page knows of drives that the agent copies home, and how it changes. The keys are not among it: they are in
//! their field, and nowhere else.

use std::collections::BTreeSet;

use shared::api::{ApiError, Drive, ReceiveDrive, ReceiveNames, ReceiveRun, Receiving};

use crate::words;

/// The order that is being given, and how the last one stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Homecoming {
    /// Paths of the drives that the person chose.
    pub picked: BTreeSet<String>,
    /// Where everything goes, as typed.
    pub to: String,
    /// What files are called.
    pub names: ReceiveNames,
    /// The file that the keys in the field came from; empty when they were typed or pasted, or there are none.
    pub keys_from: String,
    /// Why the last keys file was not taken; empty when it was.
    pub untaken: String,
    /// Whether the agent was asked to begin and has not answered.
    pub is_asking: bool,
    /// Why it did not begin, or does not stop.
    pub refused: Option<ApiError>,
    /// How it stands, as the agent says.
    pub standing: Receiving,
}

/// Something happened to it.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// A drive is chosen, or not any more.
    Pick(String, bool),
    /// All of these are chosen.
    PickAll(Vec<String>),
    /// The folder was typed or chosen.
    To(String),
    /// What files are to be called.
    Names(ReceiveNames),
    /// Keys came from a file of this name, or could not be taken.
    Keys(Result<String, String>),
    /// The agent was asked to begin.
    Asked,
    /// It did not begin, or there was nothing to stop.
    Refused(ApiError),
    /// The agent says how it stands.
    Heard(Receiving),
}

impl Homecoming {
    /// Returns it after something happened.
    #[must_use]
    pub fn turned(mut self, turn: Turn) -> Self {
        match turn {
            Turn::Pick(path, true) => {
                self.picked.insert(path);
            }
            Turn::Pick(path, false) => {
                self.picked.remove(&path);
            }
            Turn::PickAll(paths) => self.picked.extend(paths),
            Turn::To(to) => self.to = to,
            Turn::Names(names) => self.names = names,
            Turn::Keys(Ok(name)) => {
                self.keys_from = name;
                self.untaken.clear();
            }
            Turn::Keys(Err(why)) => self.untaken = why,
            Turn::Asked => {
                self.is_asking = true;
                self.refused = None;
            }
            Turn::Refused(error) => {
                self.is_asking = false;
                self.refused = Some(error);
            }
            Turn::Heard(standing) => {
                self.is_asking = false;
                self.standing = std::mem::take(&mut self.standing).heard(standing);
            }
        }
        self
    }

    /// Returns whether the agent is at it, or about to be.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        self.is_asking || matches!(self.standing, Receiving::Running(_))
    }

    /// Returns the drives that were chosen and are there, as the agent is asked for them.
    #[must_use]
    pub fn chosen(&self, drives: &[Drive]) -> Vec<ReceiveDrive> {
        let there = drives.iter().filter(|drive| self.is_picked(drive));
        let named = there.map(|drive| ReceiveDrive {
            path: drive.path.clone(),
            serial: drive.serial.clone(),
        });
        named.collect()
    }

    /// Returns whether a drive was chosen.
    #[must_use]
    pub fn is_picked(&self, drive: &Drive) -> bool {
        may_be_received(drive) && self.picked.contains(&drive.path)
    }
}

/// Returns whether there is something on a drive that can be copied home.
#[must_use]
pub fn may_be_received(drive: &Drive) -> bool {
    let holds = |what: &str| what.starts_with("BitLocker") || what.starts_with("NTFS");
    drive.contents.iter().any(|content| holds(&content.what))
}

/// Returns what is worth telling aloud of how it stands now, after it stood so before: a fault, each quarter, the end.
#[must_use]
pub fn milestone(before: &Receiving, now: &Receiving) -> Option<String> {
    match (before, now) {
        (Receiving::Ended(then), Receiving::Ended(end)) if then.order.id == end.order.id => None,
        (_, Receiving::Ended(end)) => Some(end.sentence.clone()),
        (Receiving::Running(then), Receiving::Running(run)) if then.order.id == run.order.id => {
            fault(then, run).or_else(|| quarter(then, run))
        }
        _ => None,
    }
}

fn fault(then: &ReceiveRun, now: &ReceiveRun) -> Option<String> {
    let mut pairs = then.drives.iter().zip(&now.drives);
    let (_, failed) = pairs.find(|(then, now)| then.error.is_none() && now.error.is_some())?;
    let (_, last) = words::serial_parts(&failed.serial);
    let why = failed.error.as_ref()?;
    Some(format!("Drive {last}: {}", words::sentence(&why.message)))
}

fn quarter(then: &ReceiveRun, now: &ReceiveRun) -> Option<String> {
    let quarters = |run: &ReceiveRun| {
        let sum = |of: fn(&shared::api::ReceivingDrive) -> u64| {
            let each = run.drives.iter().map(of);
            each.fold(0_u64, u64::saturating_add)
        };
        words::permyriad(sum(|drive| drive.bytes), sum(|drive| drive.total)) / 2500
    };
    let (before, after) = (quarters(then), quarters(now));
    let per_cent = after.saturating_mul(25);
    (before < after && after < 4).then(|| format!("{per_cent} % of the drives is home."))
}

#[cfg(test)]
mod tests {
    use shared::api::{
        Content, ReceiveEnd, ReceiveOrder, ReceiveVerdict, ReceivingDrive, StorageReport,
    };

    use super::*;

    fn drive(path: &str, what: &str) -> Drive {
        Drive {
            contents: vec![Content {
                what: what.to_owned(),
                bytes: 1,
                mounted: String::new(),
            }],
            ..crate::state::tests::drive(path, false)
        }
    }

    fn running(id: &str, bytes: u64) -> Receiving {
        Receiving::Running(ReceiveRun {
            order: ReceiveOrder {
                id: id.to_owned(),
                ..ReceiveOrder::default()
            },
            is_stopping: false,
            drives: vec![ReceivingDrive {
                serial: "WD4411".to_owned(),
                bytes,
                total: 100,
                ..ReceivingDrive::default()
            }],
        })
    }

    fn ended(id: &str) -> Receiving {
        Receiving::Ended(Box::new(ReceiveEnd {
            order: running(id, 0).order().cloned().unwrap_or_default(),
            verdict: ReceiveVerdict::Verified,
            sentence: "Everything is home.".to_owned(),
            is_stopped: false,
            files: 1,
            bytes: 1,
            drives: Vec::new(),
            error: None,
            report: StorageReport::Lost { why: String::new() },
        }))
    }

    #[test]
    fn only_drives_that_are_there_and_hold_something_to_copy_are_asked_for() {
        let drives = [
            drive("a", "BitLocker \"FILM\""),
            drive("b", "ext4"),
            drive("c", "NTFS"),
        ];
        let all = ["a", "b", "c", "gone"].map(str::to_owned).to_vec();
        let home = Homecoming::default().turned(Turn::PickAll(all));
        let paths = |home: &Homecoming| {
            let chosen = home.chosen(&drives);
            chosen
                .into_iter()
                .map(|drive| drive.path)
                .collect::<Vec<_>>()
        };
        assert_eq!(paths(&home), ["a", "c"]);
        let home = home.turned(Turn::Pick("a".to_owned(), false));
        assert_eq!(paths(&home), ["c"]);
    }

    #[test]
    fn an_answer_that_comes_late_takes_no_end_back() {
        let asked = Homecoming::default().turned(Turn::Asked);
        assert!(asked.is_busy());
        let over = asked.turned(Turn::Heard(ended("1")));
        let late = over.clone().turned(Turn::Heard(running("1", 0)));
        assert_eq!(late, over);
        assert!(!late.is_busy());
        let next = late.turned(Turn::Heard(running("2", 0)));
        assert!(next.is_busy());
        let refused = next.turned(Turn::Refused(ApiError::new("io", "gone")));
        assert!(
            refused.is_busy(),
            "that it was refused ends nothing that runs"
        );
    }

    #[test]
    fn each_quarter_and_the_end_are_told_once() {
        let told = |before: &Receiving, now: &Receiving| milestone(before, now);
        assert_eq!(told(&running("1", 10), &running("1", 20)), None);
        let half = told(&running("1", 20), &running("1", 60));
        assert_eq!(half.as_deref(), Some("50 % of the drives is home."));
        assert_eq!(told(&running("1", 60), &running("1", 61)), None);
        let end = told(&running("1", 61), &ended("1"));
        assert_eq!(end.as_deref(), Some("Everything is home."));
        assert_eq!(told(&ended("1"), &ended("1")), None);
    }
}
