//! Drives that came back, copied home by the agent: many at once, one order at a time.

use serde::{Deserialize, Serialize};

use super::{ApiError, Secret, StorageReport};

/// `POST /api/receive`. The answer is a [`Receiving`] that runs: the agent goes on with it by itself, whether the page stays
/// or goes, and [`News::Receiving`](super::News::Receiving) tells how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiveRequest {
    /// The drives, each one that the agent lists.
    pub drives: Vec<ReceiveDrive>,
    /// The text of a keys file: lines of `SERIAL KEY`, a key alone, or what the service lists.
    pub keys: Secret,
    /// Where everything goes: a folder of the agent's machine, absolute. Existing files are never replaced.
    pub to: String,
    /// What files are called.
    #[serde(default)]
    pub names: ReceiveNames,
    /// Only says what would be copied.
    #[serde(default)]
    pub dry_run: bool,
}

/// A drive that is to be copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiveDrive {
    /// Its path on the agent's machine.
    pub path: String,
    /// Its serial as listed, or as typed from the label where it has none of its own; empty where nobody says.
    #[serde(default)]
    pub serial: String,
}

/// What files are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiveNames {
    /// As the blobs were that they came from or become, by the drive's manifest.
    #[default]
    Blobs,
    /// As they are on the drive.
    Drive,
}

/// `GET /api/receive`: how it stands with the drives that come home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Receiving {
    /// Nobody asked since the agent began.
    #[default]
    Nothing,
    /// Drives are being copied, or looked at.
    Running(ReceiveRun),
    /// It is over. The agent knows it until the next one begins.
    Ended(Box<ReceiveEnd>),
}

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveOrder {
    /// Tells it from every other.
    pub id: String,
    /// Where everything goes.
    pub to: String,
    /// What files are called.
    pub names: ReceiveNames,
    /// Whether it only says what would be copied.
    pub dry_run: bool,
    /// Entries of the keys that are none, in words without what stands in them.
    pub key_faults: Vec<String>,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveRun {
    /// What was asked for.
    pub order: ReceiveOrder,
    /// Whether it was told to stop.
    pub is_stopping: bool,
    /// Each drive, in the order in which they were named.
    pub drives: Vec<ReceivingDrive>,
}

/// How far a drive is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivingDrive {
    /// Its serial.
    pub serial: String,
    /// Its path on the agent's machine.
    pub path: String,
    /// Bytes that are home or being written.
    pub bytes: u64,
    /// Bytes of all its files; 0 until they are listed and every other drive's are.
    pub total: u64,
    /// What became of it, once it is over.
    pub verdict: Option<ReceiveVerdict>,
    /// Why nothing of it was copied.
    pub error: Option<ApiError>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveEnd {
    /// What was asked for.
    pub order: ReceiveOrder,
    /// One word: that of the drive that fared worst.
    pub verdict: ReceiveVerdict,
    /// The verdict in a sentence.
    pub sentence: String,
    /// Whether the person stopped it.
    pub is_stopped: bool,
    /// Files that are home, or would be.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Each drive, in the order in which they were named.
    pub drives: Vec<ReceivedDrive>,
    /// Why no drive at all was copied.
    pub error: Option<ApiError>,
    /// Every file and every finding, as `argosy receive --report` writes them.
    pub report: StorageReport,
}

/// What became of a drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedDrive {
    /// Its serial.
    pub serial: String,
    /// Its path on the agent's machine.
    pub path: String,
    /// One word.
    pub verdict: ReceiveVerdict,
    /// Files that are home, or would be.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What is to be said of files that nothing proves; empty when there are none.
    pub unproven: String,
    /// The key that opened it; none when it was not opened.
    pub key: Option<ReceiveKey>,
    /// Why nothing of it was copied.
    pub error: Option<ApiError>,
    /// What is not as it should be. The first 100.
    pub findings: Vec<ReceiveFinding>,
    /// How many there are besides.
    pub findings_left_out: u64,
}

/// Which key opened a drive. The key itself is never told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveKey {
    /// Its place among the keys, from 1.
    pub number: u64,
    /// The serial that stands beside it.
    pub serial: Option<String>,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveFinding {
    /// A stable word in kebab case.
    pub code: String,
    /// What is wrong, in words.
    pub message: String,
    /// The file on the drive: `\a\b`.
    pub file: Option<String>,
    /// Where in the file.
    pub offset: Option<u64>,
}

/// One word for a drive, or for all of them; from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiveVerdict {
    /// Everything is home, and a manifest proves it.
    Verified,
    /// Everything is home as it is on the drive, but nothing says how all of it was filled.
    Copied,
    /// It was only looked at.
    Planned,
    /// Something is missing or different.
    Mismatch,
    /// Drive or destination failed, no key opened it, or the person stopped it.
    Failed,
}

impl ReceiveVerdict {
    /// Returns the word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Copied => "copied",
            Self::Planned => "planned",
            Self::Mismatch => "mismatch",
            Self::Failed => "failed",
        }
    }
}

impl Receiving {
    /// Returns what was asked for.
    #[must_use]
    pub fn order(&self) -> Option<&ReceiveOrder> {
        match self {
            Self::Nothing => None,
            Self::Running(run) => Some(&run.order),
            Self::Ended(end) => Some(&end.order),
        }
    }

    /// Returns this or what was heard of it later or earlier, whichever is further: an answer may be overtaken by news.
    #[must_use]
    pub fn heard(self, other: Self) -> Self {
        let is_same = |one: &ReceiveOrder, other: &ReceiveOrder| one.id == other.id;
        match (&self, &other) {
            (Self::Ended(end), Self::Running(run)) if is_same(&end.order, &run.order) => self,
            _ => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(id: &str) -> Receiving {
        let order = ReceiveOrder {
            id: id.to_owned(),
            ..ReceiveOrder::default()
        };
        Receiving::Running(ReceiveRun {
            order,
            ..ReceiveRun::default()
        })
    }

    fn ended(id: &str) -> Receiving {
        let order = running(id).order().cloned().unwrap_or_default();
        Receiving::Ended(Box::new(ReceiveEnd {
            order,
            verdict: ReceiveVerdict::Verified,
            sentence: "All of it is home.".to_owned(),
            is_stopped: false,
            files: u64::MAX,
            bytes: 1,
            drives: vec![ReceivedDrive {
                serial: "WD-1".to_owned(),
                path: "/dev/sdx".to_owned(),
                verdict: ReceiveVerdict::Mismatch,
                files: 1,
                bytes: 2,
                unproven: String::new(),
                key: Some(ReceiveKey {
                    number: 2,
                    serial: None,
                }),
                error: Some(ApiError::new("unlock", "there is no key for it")),
                findings: vec![ReceiveFinding {
                    code: "md5".to_owned(),
                    message: "it is another".to_owned(),
                    file: Some(r"\a".to_owned()),
                    offset: Some(u64::MAX),
                }],
                findings_left_out: 3,
            }],
            error: None,
            report: StorageReport::Lost {
                why: "no room".to_owned(),
            },
        }))
    }

    #[test]
    fn a_request_travels_whole_prints_no_key_and_has_no_field_too_many() {
        let request = ReceiveRequest {
            drives: vec![ReceiveDrive {
                path: "/dev/sdx".to_owned(),
                serial: "WD-1".to_owned(),
            }],
            keys: Secret::new("WD-1 hush\n".to_owned()),
            to: "/data/back".to_owned(),
            names: ReceiveNames::Drive,
            dry_run: true,
        };
        assert!(!format!("{request:?}").contains("hush"));
        let json = serde_json::to_string(&request).expect("plain data");
        let back: ReceiveRequest = serde_json::from_str(&json).expect(&json);
        assert_eq!(back, request);
        let least = r#"{"drives":[{"path":"/a"}],"keys":"k","to":"/b"}"#;
        let read: ReceiveRequest = serde_json::from_str(least).expect(least);
        assert_eq!((read.names, read.dry_run), (ReceiveNames::Blobs, false));
        let more = least.replace("\"to\"", "\"force\":true,\"to\"");
        assert!(serde_json::from_str::<ReceiveRequest>(&more).is_err());
    }

    #[test]
    fn how_it_stands_comes_back_from_its_json() {
        for state in [Receiving::Nothing, running("a"), ended("a")] {
            let json = serde_json::to_string(&state).expect("plain data");
            let back: Receiving = serde_json::from_str(&json).expect(&json);
            assert_eq!(back, state, "{json}");
        }
    }

    #[test]
    fn an_answer_that_news_overtook_takes_no_end_back() {
        assert_eq!(ended("a").heard(running("a")), ended("a"));
        assert_eq!(running("a").heard(ended("a")), ended("a"));
        assert_eq!(ended("a").heard(running("b")), running("b"));
        // Another agent, which knows of none.
        assert_eq!(ended("a").heard(Receiving::Nothing), Receiving::Nothing);
    }
}
