//! What the page knows of a comparison with a storage account, and how it changes. What opens the account is not
//! among it.

use std::rc::Rc;

use shared::api::{ApiError, JobSnapshot, JobState, StorageLog, StorageReply};

use super::Checks;

/// Longest text of all logs together: as JSON it may be twice as long, and a request has at most 16 MiB.
pub const LOGS_BYTES_MAX: u64 = 7 << 20;

/// The comparison, and what it is asked with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Storage {
    /// Whether the drives still have to travel: then what stands in their way is asked for.
    pub before_shipping: bool,
    /// Which journals.
    pub whose: Whose,
    /// The folder of journals of no job here, as typed.
    pub folder: String,
    /// Their session, as typed; none before anything was.
    pub session: Option<String>,
    /// The account's address, as typed.
    pub store: String,
    /// What opens the account.
    pub opener: Opener,
    /// Whether what nothing else proves is read back.
    pub read_back: bool,
    /// Folders of the originals, as typed: one field each.
    pub originals: Originals,
    /// The service's logs.
    pub logs: Rc<Vec<StorageLog>>,
    /// Why the last log was not taken; empty when all were.
    pub untaken: String,
    /// What became of it.
    pub work: Work,
}

/// Which journals are asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// The person said nothing: those that were dropped, or those of the newest job.
    #[default]
    Likely,
    /// Those of a job of the agent.
    Job(String),
    /// Those of a folder.
    Folder,
}

/// What opens the account. The word itself is in its field, and nowhere else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Opener {
    /// A shared access signature.
    #[default]
    Signature,
    /// An access token of Microsoft Entra.
    Token,
}

/// Folders as typed. There is always one at least, which may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Originals(Vec<String>);

/// What became of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Work {
    /// Nothing was asked.
    #[default]
    Nothing,
    /// The agent compares.
    Comparing {
        /// The session.
        session: String,
        /// Blobs that were listed.
        listed: u64,
        /// Bytes that were read, back or of originals.
        read: u64,
    },
    /// It is done: the session, and what came of it.
    Told(String, Rc<StorageReply>),
    /// The person stopped it.
    Stopped,
    /// It could not be done.
    Failed(ApiError),
}

/// Something happened to it.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// Before shipping, or after.
    BeforeShipping(bool),
    /// Other journals.
    Whose(Whose),
    /// The folder was typed or chosen.
    Folder(String),
    /// The session was typed.
    Session(String),
    /// The address was typed.
    Store(String),
    /// Whether to read back.
    ReadBack(bool),
    /// Logs came, or could not be taken.
    Logs(Result<Vec<StorageLog>, String>),
    /// The logs are not wanted.
    NoLogs,
    /// What opens the account.
    Opener(Opener),
    /// A folder of originals was typed or chosen: in which field, and what.
    Original(usize, String),
    /// Another folder of originals is wanted.
    MoreOriginals,
    /// A folder of originals is not wanted.
    FewerOriginals(usize),
    /// The agent was asked about a session.
    Asked(String),
    /// The agent is so far: session, blobs listed, bytes read back or of originals.
    Far(String, u64, u64),
    /// It ended.
    Ended(Work),
}

impl Storage {
    /// Returns it after something happened.
    #[must_use]
    pub fn turned(mut self, turn: Turn) -> Self {
        match turn {
            Turn::BeforeShipping(before) => self.before_shipping = before,
            Turn::Whose(whose) => self.whose = whose,
            Turn::Folder(folder) => self.folder = folder,
            Turn::Session(session) => self.session = Some(session),
            Turn::Store(store) => self.store = store,
            Turn::ReadBack(read_back) => self.read_back = read_back,
            Turn::Logs(Ok(logs)) => self.take_logs(logs),
            Turn::Logs(Err(why)) => self.untaken = why,
            Turn::NoLogs => {
                self.logs = Rc::default();
                self.untaken.clear();
            }
            Turn::Opener(opener) => self.opener = opener,
            Turn::Original(place, folder) => self.originals.put(place, folder),
            Turn::MoreOriginals => self.originals.0.push(String::new()),
            Turn::FewerOriginals(place) => self.originals.remove(place),
            Turn::Asked(session) => {
                self.work = Work::Comparing {
                    session,
                    listed: 0,
                    read: 0,
                };
            }
            Turn::Far(of, blobs, bytes) => {
                if let Work::Comparing {
                    session,
                    listed,
                    read,
                } = &mut self.work
                    && *session == of
                {
                    (*listed, *read) = (blobs, bytes);
                }
            }
            Turn::Ended(work) => self.work = work,
        }
        self
    }

    /// Takes logs; one of a name that is there already takes its place.
    fn take_logs(&mut self, new: Vec<StorageLog>) {
        let mut logs = (*self.logs).clone();
        logs.retain(|log| !new.iter().any(|other| other.name == log.name));
        logs.extend(new);
        let bytes = logs.iter().map(|log| log.text.len());
        let bytes = u64::try_from(bytes.sum::<usize>()).unwrap_or(u64::MAX);
        if bytes > LOGS_BYTES_MAX {
            "These logs are too long for the page. The command line takes logs of any length: argosy confirm --copy-log."
                .clone_into(&mut self.untaken);
            return;
        }
        self.logs = Rc::new(logs);
        self.untaken.clear();
    }

    /// Returns whether the agent compares.
    #[must_use]
    pub const fn is_comparing(&self) -> bool {
        matches!(self.work, Work::Comparing { .. })
    }

    /// Returns the job whose journals are asked about; `None` when those of a folder are.
    #[must_use]
    pub fn job<'a>(&self, jobs: &'a [JobSnapshot], checks: &Checks) -> Option<&'a JobSnapshot> {
        match &self.whose {
            Whose::Job(id) => jobs.iter().find(|job| job.id == *id),
            Whose::Folder => None,
            Whose::Likely => {
                let dropped = sessions(checks);
                let mut ended = ended(jobs);
                match dropped.first() {
                    None => ended.next(),
                    Some(session) => ended.find(|job| job.session == *session),
                }
            }
        }
    }

    /// Returns the session that is asked about in a folder: typed, or that of the journals that were dropped.
    #[must_use]
    pub fn session_in_folder(&self, checks: &Checks) -> String {
        let dropped = || sessions(checks).first().map(|&name| name.to_owned());
        let session = self.session.clone().or_else(dropped);
        session.unwrap_or_default()
    }
}

impl Default for Originals {
    fn default() -> Self {
        Self(vec![String::new()])
    }
}

impl Originals {
    /// Returns the folders, field by field.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.0
    }

    /// Returns those that were typed.
    #[must_use]
    pub fn folders(&self) -> Vec<String> {
        let folders = self.0.iter().map(|folder| folder.trim());
        let folders = folders.filter(|folder| !folder.is_empty());
        folders.map(str::to_owned).collect()
    }

    fn put(&mut self, place: usize, folder: String) {
        if let Some(field) = self.0.get_mut(place) {
            *field = folder;
        }
    }

    fn remove(&mut self, place: usize) {
        if place < self.0.len() {
            self.0.remove(place);
        }
        if self.0.is_empty() {
            *self = Self::default();
        }
    }
}

/// Returns the jobs that ended, of each session in each folder the newest.
pub fn ended(jobs: &[JobSnapshot]) -> impl Iterator<Item = &JobSnapshot> {
    let is_new = move |(place, job): &(usize, &JobSnapshot)| {
        let mut earlier = jobs.iter().take(*place);
        !earlier.any(|other| is_ended(other) && same_journals(other, job))
    };
    let jobs = jobs.iter().enumerate().filter(|(_, job)| is_ended(job));
    jobs.filter(is_new).map(|(_, job)| job)
}

fn is_ended(job: &JobSnapshot) -> bool {
    job.state == JobState::Ended && job.verdict.is_some() && !job.journal_dir.is_empty()
}

fn same_journals(one: &JobSnapshot, other: &JobSnapshot) -> bool {
    one.session == other.session && one.journal_dir == other.journal_dir
}

/// Returns the sessions of the journals that were dropped.
fn sessions(checks: &Checks) -> Vec<&str> {
    let Checks::Done(drives, _) = checks else {
        return Vec::new();
    };
    let sessions = drives.iter().map(|drive| drive.session.as_str());
    sessions.filter(|session| !session.is_empty()).collect()
}

/// Returns the command that does the same, for journals of these names.
#[must_use]
pub fn command(checks: &Checks) -> String {
    let mut journals: Vec<String> = match checks {
        Checks::Done(drives, _) => {
            let files = drives.iter().flat_map(|drive| &drive.files);
            let journals = files.filter(|name| name.ends_with(".jrn"));
            journals.map(|name| quoted(name)).collect()
        }
        _ => Vec::new(),
    };
    if journals.is_empty() {
        journals.push("JOURNALS/*.jrn".to_owned());
    }
    format!(
        "argosy confirm --journal {} --store https://ACCOUNT.blob.core.windows.net --sas-file sas.txt",
        journals.join(" ")
    )
}

/// Returns a word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
    if !word.starts_with('-') && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        // What begins with a hyphen would be an option.
        let word = word.replace('\'', r"'\''");
        format!("'./{word}'")
    }
}

#[cfg(test)]
mod tests {
    use shared::job::{Moment, Verdict};

    use super::*;
    use crate::checking::DriveCheck;

    fn job(id: &str, session: &str) -> JobSnapshot {
        JobSnapshot {
            id: id.to_owned(),
            session: session.to_owned(),
            source: "/src".to_owned(),
            destination: "c/".to_owned(),
            state: JobState::Ended,
            verdict: Some(Verdict::Verified),
            started: Moment(0),
            ended: Some(Moment(1)),
            drives: Vec::new(),
            journal_dir: "/journals".to_owned(),
        }
    }

    fn dropped(session: &str, file: &str) -> Checks {
        let drive = DriveCheck {
            session: session.to_owned(),
            files: vec![file.to_owned(), "DriveManifest.xml".to_owned()],
            ..DriveCheck::default()
        };
        Checks::Done(Rc::new(vec![drive]), 1)
    }

    #[test]
    fn the_journals_that_were_dropped_decide_and_else_the_newest_job_that_ended() {
        let mut running = job("0", "reel-3");
        running.state = JobState::Running;
        let jobs = [
            running,
            job("1", "reel-2"),
            job("2", "reel-1"),
            job("3", "reel-2"),
        ];
        let storage = Storage::default();
        let found = |storage: &Storage, checks: &Checks| {
            storage.job(&jobs, checks).map(|job| job.id.as_str())
        };
        assert_eq!(found(&storage, &Checks::Nothing), Some("1"));
        let checks = dropped("reel-1", "a.jrn");
        assert_eq!(found(&storage, &checks), Some("2"));
        let checks = dropped("reel-9", "a.jrn");
        assert_eq!(found(&storage, &checks), None);
        assert_eq!(storage.session_in_folder(&checks), "reel-9");
        let ids: Vec<_> = ended(&jobs).map(|job| job.id.as_str()).collect();
        assert_eq!(ids, ["1", "2"]);
        let storage = storage.turned(Turn::Whose(Whose::Folder));
        assert_eq!(found(&storage, &Checks::Nothing), None);
    }

    #[test]
    fn words_of_another_comparison_move_nothing() {
        let storage = Storage::default().turned(Turn::Asked("reel-1".into()));
        let same = storage.clone().turned(Turn::Far("reel-2".into(), 5, 0));
        assert_eq!(same, storage);
        let further = storage.turned(Turn::Far("reel-1".into(), 5, 0));
        assert!(matches!(further.work, Work::Comparing { listed: 5, .. }));
        let stopped = further.turned(Turn::Ended(Work::Stopped));
        let late = stopped.clone().turned(Turn::Far("reel-1".into(), 9, 0));
        assert_eq!(late, stopped);
    }

    #[test]
    fn logs_that_no_request_can_hold_are_refused_and_those_before_them_stay() {
        let log = |name: &str, bytes: usize| StorageLog {
            name: name.to_owned(),
            text: "x".repeat(bytes),
        };
        let one = Storage::default().turned(Turn::Logs(Ok(vec![log("a", 1)])));
        let two = one.turned(Turn::Logs(Ok(vec![log("a", 2), log("b", 3)])));
        assert_eq!(*two.logs, [log("a", 2), log("b", 3)]);
        let full = two.clone().turned(Turn::Logs(Ok(vec![log("c", 8 << 20)])));
        assert_eq!(full.logs, two.logs);
        assert!(!full.untaken.is_empty());
        assert!(full.turned(Turn::NoLogs).untaken.is_empty());
    }

    #[test]
    fn folders_of_originals_are_those_that_were_typed_and_a_field_always_stays() {
        let typed = |storage: Storage, place, folder: &str| {
            storage.turned(Turn::Original(place, folder.to_owned()))
        };
        let storage = typed(Storage::default(), 0, " /a b ");
        let storage = storage.turned(Turn::MoreOriginals);
        let storage = typed(storage.turned(Turn::MoreOriginals), 2, "/c");
        assert_eq!(storage.originals.fields(), [" /a b ", "", "/c"]);
        assert_eq!(storage.originals.folders(), ["/a b", "/c"]);
        let same = typed(storage.clone(), 3, "/nowhere").turned(Turn::FewerOriginals(3));
        assert_eq!(same, storage);
        let mut fewer = storage;
        for place in [1, 0, 0, 0] {
            fewer = fewer.turned(Turn::FewerOriginals(place));
        }
        assert_eq!(fewer, Storage::default());
    }

    #[test]
    fn a_file_s_name_is_one_word_of_the_command() {
        let line = command(&dropped("s", "Ann's $(rm).jrn"));
        assert!(
            line.contains(r"--journal './Ann'\''s $(rm).jrn' --store"),
            "{line}"
        );
        assert!(command(&dropped("s", "WD-1.jrn")).contains("--journal WD-1.jrn --store"));
        assert!(command(&Checks::Nothing).contains("JOURNALS/*.jrn"));
    }
}
