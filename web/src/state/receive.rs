//! What the page knows of a drive that came back, and how it changes.

use std::rc::Rc;

use shared::api::ApiError;

use crate::checking::DriveCheck;
use crate::receiving::{DriveView, FolderPart, Found, Locked, Told};
use crate::tree::Tree;

/// A drive that came back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receive {
    /// How far it is opened.
    pub drive: Drive,
    /// What is on it.
    pub tree: Rc<Tree>,
    /// The line that the person is at.
    pub at: usize,
    /// The comparison with its manifest.
    pub compare: Compare,
    /// A file on its way to the person.
    pub save: Save,
}

/// How far a drive is opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Drive {
    /// There is none.
    #[default]
    Nothing,
    /// It is looked at; its name.
    Looking(String),
    /// It wants a key.
    Locked {
        /// What is known of it.
        locked: Locked,
        /// Whether a key is being tried.
        trying: bool,
    },
    /// It is open.
    Open(Rc<DriveView>),
    /// It is none, or cannot be read.
    Failed(ApiError),
}

/// The comparison of a drive with its manifest.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Compare {
    /// Nobody asked for it.
    #[default]
    Nothing,
    /// It is at work.
    Working(Told),
    /// The judgement.
    Done(Rc<DriveCheck>),
    /// The person stopped it; how far it was.
    Stopped(Told),
    /// The page could not do it.
    Failed(ApiError),
}

/// A file on its way to the person.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Save {
    /// There is none.
    #[default]
    Nothing,
    /// It is being written.
    Working {
        /// Its name.
        name: String,
        /// Bytes that are there.
        bytes: u64,
        /// Bytes that it has.
        of: u64,
    },
    /// All of it is there.
    Done {
        /// Its name.
        name: String,
        /// Its length.
        bytes: u64,
    },
    /// The person stopped it.
    Stopped(String),
    /// It could not be saved.
    Failed(ApiError),
}

/// Something happened to the drive that came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// An image was dropped.
    Look(String),
    /// A key is tried.
    Try,
    /// What came of it.
    Found(Box<Result<Found, ApiError>>),
    /// The person went to a line.
    At(usize),
    /// The person went so many lines up (negative) or down: counted from where they are by then, however fast they press.
    By(isize),
    /// Entries of a folder came.
    Entries {
        /// The folder's id.
        folder: String,
        /// How many come before: with none, its line opens; else they stand where a line stands for them.
        from: u64,
        /// The entries.
        part: FolderPart,
    },
    /// The person closed the folder of a line.
    Close(usize),
    /// The comparison came further.
    Compare(Compare),
    /// It told how far it is.
    Told(Told),
    /// A file came further.
    Save(Save),
}

impl Receive {
    /// Returns it after a change.
    #[must_use]
    pub fn changed(mut self, change: Change) -> Self {
        match change {
            Change::Look(name) => {
                return Self {
                    drive: Drive::Looking(name),
                    ..Self::default()
                };
            }
            Change::Try => {
                if let Drive::Locked { trying, .. } = &mut self.drive {
                    *trying = true;
                }
            }
            Change::Found(found) => self.take(*found),
            Change::At(at) => self.go(at),
            Change::By(lines) => self.go(self.at.saturating_add_signed(lines)),
            Change::Entries { folder, from, part } => self.enter(&folder, from, &part),
            Change::Close(at) => {
                Rc::make_mut(&mut self.tree).close(at);
                self.at = at;
            }
            Change::Compare(compare) => self.compare = compare,
            Change::Told(told) => {
                // A stopped worker may have spoken before.
                if matches!(self.compare, Compare::Working(_)) {
                    self.compare = Compare::Working(told);
                }
            }
            Change::Save(save) => self.save = save,
        }
        self
    }

    fn go(&mut self, at: usize) {
        self.at = at.min(self.tree.lines.len().saturating_sub(1));
    }

    /// The person stays where they are, also when they are further down by now.
    fn enter(&mut self, folder: &str, from: u64, part: &FolderPart) {
        let before = self.tree.lines.len();
        let tree = Rc::make_mut(&mut self.tree);
        let place = if from == 0 {
            tree.open(folder, part)
        } else {
            tree.more(folder, from, part)
        };
        let came = self.tree.lines.len().saturating_sub(before);
        if place.is_some_and(|place| self.at > place) {
            self.at = self.at.saturating_add(came);
        }
    }

    fn take(&mut self, found: Result<Found, ApiError>) {
        self.drive = match found {
            Ok(Found::Open(view)) => {
                self.tree = Rc::new(Tree::new(&view.root, &view.root_id));
                self.at = 0;
                Drive::Open(Rc::new(*view))
            }
            Ok(Found::Locked(found)) => {
                let opens = match &self.drive {
                    // A key that is wrong teaches nothing new of what opens it.
                    Drive::Locked { locked, .. } if found.opens.is_empty() => locked.opens.clone(),
                    _ => found.opens.clone(),
                };
                let locked = Locked { opens, ..found };
                Drive::Locked {
                    locked,
                    trying: false,
                }
            }
            Err(error) => Drive::Failed(error),
        };
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::receiving::Row;

    fn part(names: &[&str], is_folder: bool) -> FolderPart {
        let row = |name: &&str| Row {
            id: (*name).to_owned(),
            name: (*name).to_owned(),
            is_folder,
            ..Row::default()
        };
        FolderPart {
            entries: names.iter().map(row).collect(),
            count: u64::try_from(names.len()).unwrap_or(u64::MAX),
        }
    }

    fn open() -> Receive {
        let view = DriveView {
            name: "drive.img".to_owned(),
            label: String::new(),
            cipher: String::new(),
            bytes: 1,
            manifest: String::new(),
            warnings: Vec::new(),
            root_id: "root".to_owned(),
            root: part(&["a", "b"], true),
        };
        let found = Ok(Found::Open(Box::new(view)));
        Receive::default().changed(Change::Found(Box::new(found)))
    }

    #[test]
    fn the_person_stays_on_their_line_when_a_folder_opens_above_it() {
        let at_b = open().changed(Change::At(1));
        let mut long = part(&["x", "y"], false);
        long.count = 4;
        let entries = |from, part: &FolderPart| Change::Entries {
            folder: "a".to_owned(),
            from,
            part: part.clone(),
        };
        let opened = at_b.changed(entries(0, &long)).changed(entries(2, &long));
        let line = opened.tree.lines[opened.at].row().expect("a folder");
        assert_eq!((line.name.as_str(), opened.at), ("b", 5));
        // Nobody leaves the tree by its end.
        assert_eq!(opened.changed(Change::At(usize::MAX)).at, 5);
    }

    #[test]
    fn a_wrong_key_leaves_known_what_opens_the_drive() {
        let locked = |opens: &[&str], fault: &str| {
            Change::Found(Box::new(Ok(Found::Locked(Locked {
                name: "drive.img".to_owned(),
                bytes: 1,
                opens: opens.iter().map(ToString::to_string).collect(),
                fault: fault.to_owned(),
            }))))
        };
        let first = Receive::default().changed(locked(&["passphrase"], ""));
        let tried = first.changed(Change::Try).changed(locked(&[], "Wrong."));
        let Drive::Locked { locked, trying } = tried.drive else {
            panic!("{:?}", tried.drive)
        };
        assert_eq!(
            (locked.opens, trying),
            (vec!["passphrase".to_owned()], false)
        );
        assert_eq!(locked.fault, "Wrong.");
    }

    #[test]
    fn a_comparison_that_was_stopped_does_not_come_to_life_by_a_late_word() {
        let stopped = open().changed(Change::Compare(Compare::Stopped(Told::default())));
        let after = stopped.changed(Change::Told(Told::default()));
        assert_eq!(after.compare, Compare::Stopped(Told::default()));
        // Another image begins anew.
        let next = after.changed(Change::Look("next.img".to_owned()));
        assert_eq!(next.compare, Compare::Nothing);
        assert!(next.tree.lines.is_empty());
    }
}
