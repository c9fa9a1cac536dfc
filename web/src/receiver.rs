//! Opens a drive that came back, in a worker of its own: what it does can be ended without touching anything else.
//!
//! ```text
//! file, key -> Desk (own worker) -> Receive            end: the worker is ended, another one opens the same drive again
//! file of the drive -> pieces -> a place that the person chose, or a download
//! ```

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Uint8Array;
use shared::api::{ApiError, code};
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use crate::desk::Desk;
use crate::effects::fault;
use crate::latest::Latest;
use crate::new_file::NewFile;
use crate::receiving::{Found, Key, PIECE_BYTES, Row, Told};
use crate::state::Action;
use crate::state::receive::{Change, Compare, Save};
use crate::words;
use crate::work::{Outcome, Task};

/// Opens drives. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Receiver {
    dispatch: Rc<dyn Fn(Action)>,
    desk: Rc<RefCell<Option<Desk>>>,
    opened: Rc<RefCell<Option<Given>>>,
    /// Workers: what was asked of an earlier one is of no interest.
    drives: Latest,
    /// Folders that were asked for and have not come: a worker that is ended does not answer any more.
    folders: Rc<RefCell<Vec<(String, u64)>>>,
    /// Whether the file on its way is to be stopped.
    stop: Rc<Cell<bool>>,
}

/// The image of a drive, and the key that opened it.
type Given = (File, Option<Key>);

impl Receiver {
    /// Returns a receiver that tells `dispatch` what comes of its work.
    #[must_use]
    pub fn new(dispatch: Rc<dyn Fn(Action)>) -> Self {
        Self {
            dispatch,
            desk: Rc::default(),
            opened: Rc::default(),
            drives: Latest::default(),
            folders: Rc::default(),
            stop: Rc::default(),
        }
    }

    fn change(&self, change: Change) {
        (self.dispatch)(Action::Receive(Box::new(change)));
    }

    fn say(&self, text: String) {
        (self.dispatch)(Action::Say(text));
    }

    /// Returns the worker, which everybody who comes before it has started waits for, in their order.
    async fn desk(&self) -> Desk {
        let new = || {
            let this = self.clone();
            Desk::new(Rc::new(move |text| {
                if let Ok(told) = serde_json::from_str::<Told>(&text) {
                    this.change(Change::Told(told));
                }
            }))
        };
        let desk = self.desk.borrow_mut().get_or_insert_with(new).clone();
        desk.open().await;
        desk
    }

    /// Has the worker do something; `None` when what comes of it is of no interest any more.
    async fn ask(&self, number: u32, task: Task, files: Vec<File>) -> Option<Outcome> {
        let desk = self.desk().await;
        if !self.drives.is(number) {
            return None;
        }
        let outcome = desk.ask(task, files).await;
        self.drives.is(number).then_some(outcome)
    }

    /// Ends the worker. What it was asked comes to nothing; returns the number of what is asked from here on.
    fn end(&self) -> u32 {
        let number = self.drives.next();
        if let Some(desk) = self.desk.borrow_mut().take() {
            desk.end();
        }
        number
    }

    fn spawn<F: Future<Output = ()> + 'static>(&self, work: impl FnOnce(Self) -> F) {
        spawn_local(work(self.clone()));
    }

    /// Takes the image of a drive.
    pub fn look(&self, file: File) {
        let number = self.end();
        self.folders.borrow_mut().clear();
        self.stop.set(true);
        self.change(Change::Look(file.name()));
        self.opened.borrow_mut().replace((file.clone(), None));
        self.spawn(|this| async move {
            let task = Task::OpenDrive(None);
            if let Some(outcome) = this.ask(number, task, vec![file]).await {
                this.found(outcome, None);
            }
        });
    }

    /// Tries a key.
    pub fn unlock(&self, key: Key) {
        let number = self.drives.last();
        self.change(Change::Try);
        self.spawn(|this| async move {
            let task = Task::Unlock(key.clone());
            if let Some(outcome) = this.ask(number, task, Vec::new()).await {
                this.found(outcome, Some(key));
            }
        });
    }

    fn found(&self, outcome: Outcome, key: Option<Key>) {
        let found = match outcome {
            Outcome::Drive(found) => Ok(found),
            outcome => Err(fault(outcome)),
        };
        match &found {
            Ok(Found::Open(view)) => {
                if let Some((_, known)) = self.opened.borrow_mut().as_mut() {
                    *known = key;
                }
                let entries = words::counted(view.root.count, "entry", "entries");
                self.say(format!("The drive is open: {entries} in its root."));
            }
            Ok(Found::Locked(locked)) if locked.fault.is_empty() => {
                self.say("The drive wants its key.".to_owned());
            }
            _ => {}
        }
        self.change(Change::Found(Box::new(found)));
    }

    /// Has entries of a folder come, from this one on.
    pub fn entries(&self, folder: String, from: u64) {
        let wanted = (folder.clone(), from);
        self.folders.borrow_mut().push(wanted.clone());
        let number = self.drives.last();
        self.spawn(|this| async move {
            let task = Task::Folder {
                id: folder.clone(),
                from,
            };
            let Some(outcome) = this.ask(number, task, Vec::new()).await else {
                return;
            };
            this.folders.borrow_mut().retain(|other| *other != wanted);
            match outcome {
                Outcome::Folder(part) => this.change(Change::Entries { folder, from, part }),
                outcome => this.trouble(outcome),
            }
        });
    }

    fn trouble(&self, outcome: Outcome) {
        (self.dispatch)(Action::Trouble(Some(fault(outcome))));
    }

    /// Compares the drive with its manifest.
    pub fn compare(&self) {
        let number = self.drives.last();
        self.change(Change::Compare(Compare::Working(Told::default())));
        self.spawn(|this| async move {
            let Some(outcome) = this.ask(number, Task::VerifyDrive, Vec::new()).await else {
                return;
            };
            let compare = match outcome {
                Outcome::Compared(check) => {
                    this.say(check.verdict.clone());
                    Compare::Done(Rc::new(check))
                }
                outcome => Compare::Failed(fault(outcome)),
            };
            this.change(Change::Compare(compare));
        });
    }

    /// Stops the comparison: ends the worker that is busy with it, and opens the drive in another.
    pub fn stop_comparing(&self, told: Told) {
        let number = self.end();
        self.change(Change::Compare(Compare::Stopped(told)));
        self.say("Stopped.".to_owned());
        let opened = self.opened.borrow().clone();
        if let Some((file, key)) = opened {
            self.spawn(|this| async move {
                let task = Task::OpenDrive(key);
                match this.ask(number, task, vec![file]).await {
                    None => {}
                    // What the person opened meanwhile still opens.
                    Some(Outcome::Drive(Found::Open(_))) => {
                        let waiting = this.folders.take();
                        waiting
                            .into_iter()
                            .for_each(|(folder, from)| this.entries(folder, from));
                    }
                    Some(outcome) => this.change(Change::Found(Box::new(Err(fault(outcome))))),
                }
            });
        }
    }

    /// Saves a file of the drive: where the person says, or as a download where the browser knows nothing better.
    pub fn save(&self, row: Row) {
        self.stop.set(false);
        let number = self.drives.last();
        // From here on, so that nobody begins it twice.
        self.change(Change::Save(Save::Working {
            name: row.name.clone(),
            bytes: 0,
            of: row.bytes,
        }));
        self.spawn(|this| async move {
            let name = row.name.clone();
            let save = match this.write(number, row).await {
                Ok(Some(bytes)) => {
                    this.say(format!("{name} is saved."));
                    Save::Done { name, bytes }
                }
                Ok(None) => Save::Stopped(name),
                Err(error) => Save::Failed(error.at(name)),
            };
            if this.drives.is(number) {
                this.change(Change::Save(save));
            }
        });
    }

    /// Stops the file that is on its way.
    pub fn stop_saving(&self) {
        self.stop.set(true);
    }

    /// Writes a file piece by piece; `None` when the person changed their mind.
    async fn write(&self, number: u32, row: Row) -> Result<Option<u64>, ApiError> {
        // First of all, as a browser lets a page ask for a place only just after a click.
        let Some(mut file) = NewFile::create(&row.name, row.bytes).await? else {
            return Ok(None);
        };
        let desk = self.desk().await;
        let task = Task::Length { id: row.id.clone() };
        let of = match desk.ask(task, Vec::new()).await {
            Outcome::Length(bytes) => bytes,
            outcome => return Err(self.given_up(file, fault(outcome)).await),
        };
        let mut at = 0;
        loop {
            if self.drives.is(number) {
                self.change(Change::Save(Save::Working {
                    name: row.name.clone(),
                    bytes: at,
                    of,
                }));
            }
            if at >= of {
                break;
            }
            if self.stop.get() {
                file.give_up().await;
                return Ok(None);
            }
            let piece = match self.piece(&desk, &row, at, of).await {
                Ok(piece) => piece,
                Err(error) => return Err(self.given_up(file, error).await),
            };
            at = at.saturating_add(u64::from(piece.length()));
            if let Err(error) = file.write(piece).await {
                return Err(self.given_up(file, unwritten(&error)).await);
            }
        }
        file.finish().await.map_err(|error| unwritten(&error))?;
        Ok(Some(of))
    }

    async fn piece(
        &self,
        desk: &Desk,
        row: &Row,
        at: u64,
        of: u64,
    ) -> Result<Uint8Array, ApiError> {
        let task = Task::Piece {
            id: row.id.clone(),
            at,
            bytes: PIECE_BYTES.min(of.saturating_sub(at)),
        };
        let piece = desk.ask_bytes(task).await.map_err(fault)?;
        if piece.length() == 0 {
            return Err(ApiError::new(code::IO, "The file ends before its length."));
        }
        Ok(piece)
    }

    async fn given_up(&self, file: NewFile, error: ApiError) -> ApiError {
        file.give_up().await;
        error.next("What was written of it so far was given up.")
    }
}

fn unwritten(cause: &str) -> ApiError {
    ApiError::new(code::IO, format!("The browser did not write: {cause}."))
        .safe("The drive was only read.")
}
