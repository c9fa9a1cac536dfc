//! Everything the page knows, and how it changes: one pure function, [`reduce`].

pub mod handing;
pub mod homecoming;
pub mod ledger;
pub mod receive;
pub mod storage;

use std::collections::BTreeMap;
use std::rc::Rc;

use shared::api::{
    ApiError, Drive, Event, FreeSpace, JobSnapshot, JobState, ScanCounts, StartReply,
};
use shared::mhl::Creator;

use crate::checking::DriveCheck;
use crate::dataset::Asked;
use crate::draft::Draft;
use crate::listed::Listed;
use crate::milestones::milestone;
use crate::planning::PlanView;
use crate::route::Route;
use handing::Handing;
use homecoming::Homecoming;
use ledger::Ledger;
use receive::Receive;
use storage::Storage;

/// So many speeds are kept of each drive for the thin line.
const TRACE_MAX: usize = 240;

/// Everything the page knows. Cheap to clone: what is large is shared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The page that is shown.
    pub route: Route,
    /// Whether there is an agent.
    pub link: Link,
    /// Six digits that the agent printed where it runs, to be compared; empty while there is no session.
    pub code: String,
    /// What should travel.
    pub source: Source,
    /// What the person has chosen so far.
    pub draft: Draft,
    /// What comes of it.
    pub plan: Planning,
    /// The hash of a plan that is [`Planning::Ready`], in hexadecimal; empty until it is known.
    pub plan_hash: String,
    /// The agent's drives.
    pub drives: Drives,
    /// A job on its way to being confirmed.
    pub start: Start,
    /// Jobs of the agent, newest first.
    pub jobs: Rc<Vec<JobSnapshot>>,
    /// The last speeds of each drive: (job, serial).
    pub traces: Rc<BTreeMap<(String, String), Vec<u64>>>,
    /// What came of asking for a job to be gone on with, by job.
    pub resumes: BTreeMap<String, Resume>,
    /// Recovery passwords that are shown: (job, serial).
    pub keys: BTreeMap<(String, String), String>,
    /// What was dropped to be checked.
    pub checks: Checks,
    /// The hand-over of what was dropped.
    pub handing: Handing,
    /// The comparison with a storage account.
    pub storage: Storage,
    /// A drive that came back.
    pub receive: Receive,
    /// Drives that the agent copies home.
    pub homecoming: Homecoming,
    /// The ledger of shipments.
    pub ledger: Ledger,
    /// Who the agent's hash lists say made them; none before there is a session.
    pub creator: Option<Creator>,
    /// How far long work of the page is; empty when there is none.
    pub progress: String,
    /// What failed last and is not told elsewhere.
    pub trouble: Option<ApiError>,
    /// The last milestone, told to those who do not see the page.
    pub milestone: String,
    last_event: u64,
}

/// Whether there is an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Not known yet.
    #[default]
    Connecting,
    /// It answers.
    Connected,
    /// It did, and does not now; the page tries again.
    Lost,
    /// It is there, and does not know this tab.
    Locked,
    /// There is none.
    Absent,
}

/// What should travel.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Source {
    /// Nothing is chosen.
    #[default]
    Nothing,
    /// It is being read.
    Reading {
        /// The folder or file.
        name: String,
        /// What was found so far.
        counts: ScanCounts,
        /// Folders seen and not gone through yet.
        folders_left: u64,
    },
    /// It was read.
    Ready {
        /// Where it comes from.
        origin: Origin,
        /// What was found.
        listed: Rc<Listed>,
        /// Counts up with each listing, so that a plan is made anew for each.
        version: u32,
    },
    /// It could not be read.
    Failed(ApiError),
}

/// Where a listing comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A folder of the agent's machine, whole path.
    Folder(String),
    /// A file of this machine: it can be planned, not sent.
    File(String),
}

/// A plan on its way.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Planning {
    /// Something is missing.
    #[default]
    Nothing,
    /// It is being computed; what was there before stays visible.
    Working(Option<Rc<PlanView>>),
    /// It is there.
    Ready(Rc<PlanView>),
    /// It cannot be made.
    Failed(ApiError),
}

/// The agent's drives.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Drives {
    /// Not asked for yet.
    #[default]
    Unknown,
    /// Being looked at.
    Looking,
    /// As they were last seen.
    Seen(Rc<Vec<Drive>>),
    /// They could not be listed.
    Failed(ApiError),
}

/// A job on its way to being confirmed.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Start {
    /// Nobody asked for one.
    #[default]
    Idle,
    /// The agent plans.
    Planning,
    /// The agent's plan differs from the page's; the person decides.
    Differs(Rc<StartReply>),
    /// The person reads what will be erased, and types.
    Review {
        /// The agent's plan.
        reply: Rc<StartReply>,
        /// The agent's question, which the words answer.
        question: Question,
        /// Why the last words were not taken.
        refused: Option<ApiError>,
        /// Whether the words are on their way.
        sending: bool,
    },
    /// The agent refused to plan.
    Failed(ApiError),
}

/// The agent's question before drives are erased.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What the answer carries.
    pub token: String,
    /// How many seconds it can be answered.
    pub seconds: u64,
    /// The token of the first question that the same words answer: what was typed stays when the time is extended, and
    /// another question begins with empty fields.
    pub first: String,
}

/// What came of asking for a job to be gone on with.
#[derive(Clone, Debug, PartialEq)]
pub enum Resume {
    /// The agent looks for its plan, journals and drives.
    Asked,
    /// It cannot be, as things are.
    Refused(ApiError),
}

/// What was dropped to be checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Checks {
    /// Nothing yet.
    #[default]
    Nothing,
    /// Being checked; the names of the files.
    Working(Vec<String>),
    /// Judged; and how many of the files are journals.
    Done(Rc<Vec<DriveCheck>>, u64),
    /// It could not be done.
    Failed(ApiError),
}

/// Something happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Another page.
    Go(Route),
    /// The agent came or went.
    Link(Link),
    /// The agent's six digits.
    Code(String),
    /// The person chose something.
    Draft(Draft),
    /// A data set asks for this.
    Asked(Asked),
    /// A source is being read.
    ReadSource(String),
    /// A source was read.
    SourceRead(Origin, Listed),
    /// A source could not be read.
    SourceFailed(ApiError),
    /// A plan is being made.
    PlanBegun,
    /// A plan was made, or not.
    Planned(Result<PlanView, ApiError>),
    /// That plan's hash is known.
    PlanHashed(String),
    /// Something is missing for a plan.
    PlanCleared,
    /// The drives are being looked at.
    LookAtDrives,
    /// The drives.
    DrivesSeen(Result<Vec<Drive>, ApiError>),
    /// A drive is chosen, or not any more.
    Pick(String, bool),
    /// What becomes of a drive's free space.
    FreeSpace(String, FreeSpace),
    /// A job's way to its confirmation.
    Start(Start),
    /// Who makes hash lists.
    Creator(Option<Creator>),
    /// The jobs as the agent has them.
    Jobs(Vec<JobSnapshot>),
    /// A job is to be gone on with, could not be, or is.
    Resume(String, Option<Resume>),
    /// The agent told something.
    Event(Box<Event>),
    /// A recovery password is shown, or hidden again.
    Key((String, String), Option<String>),
    /// What was dropped.
    Check(Checks),
    /// Something happened to the hand-over.
    Handing(Box<handing::Change>),
    /// Something happened to the ledger.
    Ledger(Box<ledger::Turn>),
    /// Something happened to the comparison with a storage account.
    Storage(Box<storage::Turn>),
    /// Something happened to drives that the agent copies home.
    Homecoming(Box<homecoming::Turn>),
    /// Something happened to the drive that came back.
    Receive(Box<receive::Change>),
    /// Long work came further.
    Progress(String),
    /// Something failed, or that was read.
    Trouble(Option<ApiError>),
    /// To be told aloud.
    Say(String),
}

/// Returns the state after `action`.
#[must_use]
pub fn reduce(mut state: State, action: Action) -> State {
    match action {
        Action::Go(route) => state.route = route,
        Action::Link(link) => state.link = link,
        Action::Code(code) => state.code = code,
        Action::Draft(draft) => state.draft = draft,
        Action::Asked(asked) => state.draft.take(asked),
        Action::ReadSource(name) => {
            state.source = Source::Reading {
                name,
                counts: ScanCounts::default(),
                folders_left: 0,
            };
        }
        Action::SourceRead(origin, listed) => state.take_source(origin, listed),
        Action::SourceFailed(error) => state.source = Source::Failed(error),
        Action::PlanBegun => {
            state.plan = Planning::Working(state.plan.view().cloned());
            state.plan_hash.clear();
        }
        Action::Planned(Ok(view)) => state.plan = Planning::Ready(Rc::new(view)),
        Action::PlanHashed(hash) => state.plan_hash = hash,
        Action::Planned(Err(error)) => state.plan = Planning::Failed(error),
        Action::PlanCleared => state.plan = Planning::Nothing,
        Action::LookAtDrives => {
            if !matches!(state.drives, Drives::Seen(_)) {
                state.drives = Drives::Looking;
            }
        }
        Action::DrivesSeen(Ok(drives)) => state.see_drives(drives),
        Action::DrivesSeen(Err(error)) => state.drives = Drives::Failed(error),
        Action::Pick(path, picked) => state.draft.pick(path, picked),
        Action::FreeSpace(path, choice) => state.draft.choose_free_space(path, choice),
        Action::Start(start) => state.start = start,
        Action::Creator(creator) => state.take_creator(creator),
        Action::Jobs(jobs) => state.jobs = Rc::new(jobs),
        Action::Resume(job, Some(resume)) => {
            state.resumes.insert(job, resume);
        }
        Action::Resume(job, None) => {
            state.resumes.remove(&job);
        }
        Action::Event(event) => state.take_event(&event),
        Action::Key(drive, Some(password)) => {
            state.keys.insert(drive, password);
        }
        Action::Key(drive, None) => {
            state.keys.remove(&drive);
        }
        Action::Check(checks) => {
            state.progress.clear();
            state.checks = checks;
            // Who it is for and the details stay: only the journals are others.
            state.handing = state.handing.unanswered();
        }
        Action::Receive(change) => state.receive = state.receive.changed(*change),
        Action::Homecoming(turn) => state.homecoming = state.homecoming.turned(*turn),
        Action::Storage(turn) => state.storage = state.storage.turned(*turn),
        Action::Ledger(turn) => state.ledger = state.ledger.turned(*turn),
        Action::Handing(change) => state.handing = state.handing.changed(*change),
        Action::Progress(text) => state.progress = text,
        Action::Trouble(trouble) => state.trouble = trouble,
        Action::Say(text) => state.milestone = text,
    }
    state
}

impl State {
    /// Returns whether the agent answers.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.link == Link::Connected
    }

    /// Returns whether the ledger is the agent's: also while it does not answer, for what is written down then would else be
    /// lost when it does.
    #[must_use]
    pub const fn has_agents_ledger(&self) -> bool {
        matches!(self.link, Link::Connected | Link::Lost | Link::Connecting)
    }

    /// Returns the drives as last seen.
    #[must_use]
    pub fn drive_list(&self) -> &[Drive] {
        match &self.drives {
            Drives::Seen(drives) => drives,
            _ => &[],
        }
    }

    /// Returns the drives that the person chose, in the order of the list.
    pub fn picked_drives(&self) -> impl Iterator<Item = &Drive> {
        self.drive_list()
            .iter()
            .filter(|drive| self.draft.picked.contains_key(&drive.path))
    }

    /// Returns whether a plan was computed from what is chosen now.
    #[must_use]
    pub fn ready_plan(&self) -> Option<&Rc<PlanView>> {
        match &self.plan {
            Planning::Ready(view) => Some(view),
            _ => None,
        }
    }

    /// Takes who makes hash lists; where nobody does, none is wanted any more.
    fn take_creator(&mut self, creator: Option<Creator>) {
        self.draft.mhl &= creator.is_some();
        self.creator = creator;
    }

    fn take_source(&mut self, origin: Origin, listed: Listed) {
        let version = match &self.source {
            Source::Ready { version, .. } => version.wrapping_add(1),
            _ => self.draft.source_version.wrapping_add(1),
        };
        self.draft.source_version = version;
        self.draft.names = None;
        self.draft.renames.clear();
        self.draft.leave_unreadable = false;
        self.plan = Planning::Nothing;
        self.source = Source::Ready {
            origin,
            listed: Rc::new(listed),
            version,
        };
    }

    fn see_drives(&mut self, drives: Vec<Drive>) {
        // A drive that was taken out is not chosen any more, and one that must not be erased never is.
        self.draft.picked.retain(|path, _| {
            drives
                .iter()
                .any(|drive| drive.path == *path && drive.erasable)
        });
        self.drives = Drives::Seen(Rc::new(drives));
    }

    fn take_event(&mut self, event: &Event) {
        use shared::api::News;
        self.last_event = event.number;
        match &event.news {
            News::Scanning {
                path,
                counts,
                folders_left,
            } => {
                if let Source::Reading {
                    name,
                    counts: shown,
                    folders_left: left,
                } = &mut self.source
                    && name == path
                {
                    (*shown, *left) = (*counts, *folders_left);
                }
                return;
            }
            News::Comparing {
                session,
                listed,
                read,
            } => {
                let far = storage::Turn::Far(session.clone(), *listed, *read);
                self.storage = std::mem::take(&mut self.storage).turned(far);
                return;
            }
            News::Receiving { state } => {
                if let Some(text) = homecoming::milestone(&self.homecoming.standing, state) {
                    self.milestone = text;
                }
                let heard = homecoming::Turn::Heard(state.clone());
                self.homecoming = std::mem::take(&mut self.homecoming).turned(heard);
                return;
            }
            News::Progress {
                job,
                serial,
                progress,
            } => {
                let traces = Rc::make_mut(&mut self.traces);
                let trace = traces.entry((job.clone(), serial.clone())).or_default();
                trace.push(progress.rate);
                let surplus = trace.len().saturating_sub(TRACE_MAX);
                trace.drain(..surplus);
            }
            _ => {}
        }
        let jobs = Rc::make_mut(&mut self.jobs);
        for job in jobs.iter_mut() {
            let before = job.clone();
            if job.apply(&event.news) {
                if let Some(text) = milestone(&before, job) {
                    self.milestone = text;
                }
                // Why it could not be gone on with is of no interest once it is, whoever had it done.
                if job.state == JobState::Running && before.state != JobState::Running {
                    self.resumes.remove(&job.id);
                }
                return;
            }
        }
        if let News::Job { snapshot } = &event.news {
            jobs.insert(0, (**snapshot).clone());
        }
    }
}

impl Planning {
    /// Returns the last plan that was computed, also while the next one is.
    #[must_use]
    pub const fn view(&self) -> Option<&Rc<PlanView>> {
        match self {
            Self::Ready(view) | Self::Working(Some(view)) => Some(view),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
