//! What takes time: asks the agent or the desk, and turns what comes of it into actions.

mod homecoming;
mod jobs;
mod link;
mod storage;

use std::cell::RefCell;
use std::rc::Rc;

use gloo::timers::future::TimeoutFuture;
use shared::api::{ApiError, FoldersReply, code};
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, Blob, File};

use crate::client::{Client, copy};
use crate::desk::Desk;
use crate::handing::{Handed, Order};
use crate::latest::Latest;
use crate::local_file;
use crate::planning::PlanRequest;
use crate::receiver::Receiver;
use crate::state::handing::{Answer, Change};
use crate::state::{Action, Checks, Origin};
use crate::stowed::FolderView;
use crate::words;
use crate::work::{Outcome, Task};
use crate::{dataset, film, plan_json};

/// A choice is planned when it has stood for so long: nobody waits for plans of half-typed words.
const SETTLE_MS: u32 = 200;

/// A file that a plan is saved as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanForm {
    /// `plan.json`.
    Json,
    /// A line a file.
    List,
}

/// Gives work out. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Effects {
    pub(crate) client: Client,
    pub(crate) desk: Desk,
    dispatch: Rc<dyn Fn(Action)>,
    plans: Latest,
    sources: Latest,
    looks: Latest,
    /// Stops the comparison with a storage account that is on its way.
    comparison: Rc<RefCell<Option<AbortController>>>,
    /// Opens drives that came back.
    pub receiver: Receiver,
}

impl PartialEq for Effects {
    fn eq(&self, other: &Self) -> bool {
        self.plans.same(&other.plans)
    }
}

impl Effects {
    /// Returns effects that tell `dispatch` what comes of them.
    #[must_use]
    pub fn new(dispatch: Rc<dyn Fn(Action)>) -> Self {
        let progress = Rc::clone(&dispatch);
        Self {
            client: Client::new(),
            desk: Desk::new(Rc::new(move |text| progress(Action::Progress(text)))),
            receiver: Receiver::new(Rc::clone(&dispatch)),
            dispatch,
            plans: Latest::default(),
            sources: Latest::default(),
            looks: Latest::default(),
            comparison: Rc::default(),
        }
    }

    /// Dispatches an action.
    pub fn act(&self, action: Action) {
        (self.dispatch)(action);
    }

    pub(crate) fn spawn<F: Future<Output = ()> + 'static>(&self, work: impl FnOnce(Self) -> F) {
        spawn_local(work(self.clone()));
    }

    /// Asks what is in a folder of the agent's machine, and hands the answer to `done`.
    pub fn folders(
        &self,
        path: Option<String>,
        done: impl FnOnce(Result<FoldersReply, ApiError>) + 'static,
    ) {
        self.spawn(|this| async move { done(this.client.folders(path).await) });
    }

    /// Scans a folder of the agent's machine, and other file systems in it where the person says so.
    pub fn scan(&self, path: String, other_file_systems: bool) {
        self.scan_for(path, other_file_systems, None);
    }

    /// The same, for somebody to whom there is something to be said of it.
    fn scan_for(&self, path: String, other_file_systems: bool, note: Option<String>) {
        let number = self.read_source(path.clone());
        self.spawn(|this| async move {
            let scanned = this.client.scan(path.clone(), other_file_systems).await;
            if !this.sources.is(number) {
                return;
            }
            let mut outcome = match scanned {
                Ok(scan) => this.desk.ask(Task::ReadListing, vec![scan]).await,
                Err(error) => Outcome::Failed(error),
            };
            if let Outcome::Listed(listed) = &mut outcome {
                listed.notes.extend(note);
            }
            this.source_read(number, Origin::Folder(path), outcome);
        });
    }

    /// Reads a listing that was dropped, or does what a data set asks for.
    pub fn read_listing(&self, file: File, other_file_systems: bool) {
        let name = file.name();
        let number = self.read_source(name.clone());
        self.spawn(|this| async move {
            if let Some(csv) = local_file::read_short(&file, dataset::BYTES_MAX).await
                && dataset::is_dataset(&csv)
            {
                if this.sources.is(number) {
                    this.take_dataset(&name, &csv, other_file_systems);
                }
                return;
            }
            let outcome = this.desk.ask(Task::ReadListing, vec![file]).await;
            this.source_read(number, Origin::File(name), outcome);
        });
    }

    /// Fills in what a data set asks for, and scans its folder where there is somebody to do it.
    fn take_dataset(&self, name: &str, csv: &[u8], other_file_systems: bool) {
        match dataset::read(csv) {
            Ok(asked) => {
                let (folder, note) = (asked.folder.clone(), asked.note.clone());
                self.act(Action::Asked(asked));
                if self.client.has_session() {
                    self.scan_for(folder, other_file_systems, note);
                } else {
                    self.act(Action::SourceFailed(dataset::no_agent(&folder).at(name)));
                }
            }
            Err(error) => self.act(Action::SourceFailed(error.in_file(name))),
        }
    }

    /// Makes the listing to try the page with.
    pub fn open_sample(&self) {
        let number = self.read_source(film::NAME.to_owned());
        self.spawn(|this| async move {
            let outcome = this.desk.ask(Task::Sample, Vec::new()).await;
            this.source_read(number, Origin::File(film::NAME.to_owned()), outcome);
        });
    }

    fn read_source(&self, name: String) -> u32 {
        let number = self.sources.next();
        self.act(Action::ReadSource(name));
        number
    }

    /// Looks into a folder of a drive of the last plan, and hands what is there to `done`.
    pub fn look(&self, drive: u32, folder: String, done: impl FnOnce(FolderView) + 'static) {
        self.spawn(|this| async move {
            match this
                .desk
                .ask(Task::Look { drive, folder }, Vec::new())
                .await
            {
                Outcome::Looked(view) => done(view),
                outcome => this.act(Action::Trouble(Some(fault(outcome)))),
            }
        });
    }

    fn source_read(&self, number: u32, origin: Origin, outcome: Outcome) {
        match outcome {
            _ if !self.sources.is(number) => {}
            Outcome::Listed(listed) => {
                let files = words::counted(listed.files, "file", "files");
                let size = words::size(listed.bytes);
                self.act(Action::SourceRead(origin, listed));
                self.act(Action::Say(format!("{files} found, {size}.")));
            }
            outcome => self.act(Action::SourceFailed(fault(outcome))),
        }
    }

    /// Plans, once the wish has stood for a moment. A later wish makes an earlier one void.
    pub fn plan(&self, request: PlanRequest) {
        let number = self.plans.next();
        self.act(Action::PlanBegun);
        self.spawn(|this| async move {
            TimeoutFuture::new(SETTLE_MS).await;
            if !this.plans.is(number) {
                return;
            }
            let planned = match this.desk.ask(Task::Plan(request), Vec::new()).await {
                Outcome::Planned(view) => Ok(*view),
                outcome => Err(fault(outcome)),
            };
            if !this.plans.is(number) {
                return;
            }
            let is_planned = planned.is_ok();
            this.act(Action::Planned(planned));
            while is_planned && this.plans.is(number) {
                match this.desk.ask(Task::HashPlan, Vec::new()).await {
                    Outcome::Hashed(None) => {}
                    Outcome::Hashed(Some(hash)) if this.plans.is(number) => {
                        return this.act(Action::PlanHashed(hash));
                    }
                    // The plan is as good without.
                    _ => return,
                }
            }
        });
    }

    /// Takes the plan back: something is missing for it.
    pub fn clear_plan(&self) {
        self.plans.next();
        self.act(Action::PlanCleared);
    }

    /// Saves the plan as `plan.json`, or as a list of files.
    pub fn save_plan(&self, session: String, form: PlanForm) {
        let (task, name, kind) = match form {
            PlanForm::Json => (
                Task::SavePlan,
                format!("{session}.plan.json"),
                "application/json",
            ),
            PlanForm::List => (Task::SaveList, format!("{session}.files.csv"), "text/csv"),
        };
        self.spawn(|this| async move {
            let saved = match this.desk.ask(task, Vec::new()).await {
                Outcome::Saved(text) => this.save(&name, kind, text.as_bytes()),
                outcome => Err(fault(outcome)),
            };
            this.tell(saved);
        });
    }

    /// Saves `dataset.csv` for a source folder.
    pub fn save_dataset(&self, folder: &str, destination: &str) {
        let csv = plan_json::dataset_csv(folder, destination);
        self.tell(self.save("dataset.csv", "text/csv", csv.as_bytes()));
    }

    /// Shows a drive's recovery password.
    pub fn show_key(&self, job: String, serial: String) {
        self.spawn(|this| async move {
            match this.client.key(&job, &serial).await {
                Ok(reply) => this.act(Action::Key((job, serial), Some(reply.recovery_password))),
                Err(error) => this.act(Action::Trouble(Some(error))),
            }
        });
    }

    /// Copies a recovery password.
    pub fn copy_key(&self, password: String) {
        self.copy_text(password, "The recovery password is copied.".to_owned());
    }

    /// Saves a recovery password as a text file.
    pub fn save_key(&self, serial: &str, password: &str) {
        let text = format!(
            "BitLocker recovery password of the drive with serial {serial}:\r\n\r\n{password}\r\n\r\n\
             Whoever has this and the drive can read it. The drive's journal holds it too.\r\n"
        );
        let name = format!(
            "{}.recovery-password.txt",
            shared::blob_name::file_name(serial)
        );
        self.tell(self.save(&name, "text/plain", text.as_bytes()));
    }

    /// Saves a drive's journal.
    pub fn save_journal(&self, job: String, serial: String, name: String) {
        self.spawn(|this| async move {
            let saved = match this.client.journal(&job, &serial).await {
                Ok(bytes) => this.save(&name, "application/octet-stream", &bytes),
                Err(error) => Err(error),
            };
            this.tell(saved);
        });
    }

    /// Judges what was dropped.
    pub fn check(&self, files: Vec<File>) {
        if files.is_empty() {
            return;
        }
        let names = files.iter().map(File::name).collect();
        self.act(Action::Check(Checks::Working(names)));
        self.spawn(|this| async move {
            match this.desk.ask(Task::Check, files).await {
                Outcome::Checked(drives, journals) => {
                    let said: Vec<&str> =
                        drives.iter().map(|drive| drive.verdict.as_str()).collect();
                    this.act(Action::Say(format!("Checked. {}", said.join(" "))));
                    this.act(Action::Check(Checks::Done(Rc::new(drives), journals)));
                }
                outcome => this.act(Action::Check(Checks::Failed(fault(outcome)))),
            }
        });
    }

    /// Makes what is handed over of the journals that were judged last.
    pub fn hand_over(&self, order: Order) {
        self.hand(Change::Ask);
        self.spawn(|this| async move {
            let task = Task::HandOver(Box::new(order.clone()));
            let answer = match this.desk.ask(task, Vec::new()).await {
                Outcome::HandedOver(handed) => {
                    this.act(Action::Say(said_of(&handed)));
                    Answer::Is(Rc::new(*handed))
                }
                outcome => Answer::Failed(fault(outcome)),
            };
            this.hand(Change::Answer(order, answer));
        });
    }

    fn hand(&self, change: Change) {
        self.act(Action::Handing(Box::new(change)));
    }

    /// Saves a text as a file.
    pub fn save_text(&self, name: &str, kind: &str, text: &str) {
        self.tell(self.save(name, kind, text.as_bytes()));
    }

    /// Copies a text; `what` is said of it when it is done.
    pub fn copy_text(&self, text: String, what: String) {
        self.spawn(|this| async move {
            match copy(&text).await {
                Ok(()) => this.act(Action::Say(what)),
                Err(cause) => this.act(Action::Trouble(Some(uncopied(&cause)))),
            }
        });
    }

    pub(crate) fn save(&self, name: &str, kind: &str, content: &[u8]) -> Result<(), ApiError> {
        local_file::save(name, kind, content).map_err(|cause| unsaved(name, &cause))
    }

    pub(crate) fn save_blob(&self, name: &str, blob: &Blob) -> Result<(), ApiError> {
        local_file::save_blob(name, blob).map_err(|cause| unsaved(name, &cause))
    }

    pub(crate) fn tell(&self, saved: Result<(), ApiError>) {
        match saved {
            Ok(()) => self.act(Action::Say("Saved.".to_owned())),
            Err(error) => self.act(Action::Trouble(Some(error))),
        }
    }
}

fn unsaved(name: &str, cause: &str) -> ApiError {
    ApiError::new(
        code::IO,
        format!("The browser did not save the file: {cause}."),
    )
    .at(name)
    .safe("The agent still has it.")
}

fn uncopied(cause: &str) -> ApiError {
    ApiError::new(
        code::INTERNAL,
        format!("The browser did not copy: {cause}."),
    )
    .next("Save it instead, or write it down.")
}

fn said_of(handed: &Handed) -> String {
    match handed {
        Handed::Made(made) => {
            let count = u64::try_from(made.documents.len()).unwrap_or(u64::MAX);
            let documents = words::counted(count, "document is", "documents are");
            format!("{documents} ready.")
        }
        Handed::Field { why, .. } => format!("A field is not right yet. {why}"),
        Handed::Refused(_) => "Nothing was handed over.".to_owned(),
    }
}

pub(crate) fn fault(outcome: Outcome) -> ApiError {
    match outcome {
        Outcome::Failed(error) => error,
        _ => ApiError::new(
            code::INTERNAL,
            "The page got an answer that it did not ask for.",
        )
        .safe("Nothing was changed.")
        .next("Load the page anew."),
    }
}
