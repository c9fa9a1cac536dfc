//! What a person has chosen so far, and what of it is still missing.

use std::collections::BTreeMap;

use shared::api::{
    Drive, ExpectedDrive, FreeSpace, PickedDrive, Rename, StartOptions, StartRequest, SurfaceCheck,
};
use shared::blob_name::{Destination, SessionId};
use shared::mhl::{self, Creator};

use crate::dataset::Asked;
use crate::planning::{PlanRequest, PlanView, WantedDrive};
use crate::shipping::Typed;
use crate::words::{self, sentence};

/// Sizes that drives are sold in, in the list of "what if".
pub const SIZES: [&str; 9] = [
    "1 TB", "2 TB", "4 TB", "8 TB", "12 TB", "16 TB", "18 TB", "20 TB", "24 TB",
];

/// What a person has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The source folder, as typed.
    pub folder: String,
    /// Whether folders on which another file system is mounted are entered.
    pub other_file_systems: bool,
    /// The container.
    pub container: String,
    /// What blob names begin with, after the container.
    pub prefix: String,
    /// The session id.
    pub session: String,
    /// The cipher.
    pub cipher: String,
    /// Whether each blob gets its Content-MD5.
    pub content_md5: bool,
    /// Whether each drive gets a hash list, for which each blob gets that too.
    pub mhl: bool,
    /// Whether what cannot be read stays behind, and the person said so.
    pub leave_unreadable: bool,
    /// How the drives are checked before they are filled.
    pub check: SurfaceCheck,
    /// What becomes of names that cannot go as they are; none while the person has not said.
    pub names: Option<Names>,
    /// New names that were accepted one by one: path in the listing to its new last part.
    pub renames: BTreeMap<String, String>,
    /// What the line and the drives can do, as typed.
    pub shipping: Typed,
    /// Whether sizes or real drives are planned onto.
    pub onto: Onto,
    /// The size of "what if".
    pub size: String,
    /// Real drives, by path, with what becomes of their free space once the person has said.
    pub picked: BTreeMap<String, Option<FreeSpace>>,
    /// Counts the listings.
    pub source_version: u32,
}

/// What becomes of names that cannot go as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// They get the proposed names.
    Propose,
    /// What they name stays behind.
    LeaveOut,
}

/// What is planned onto.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Onto {
    /// As many drives of one size as it takes.
    #[default]
    WhatIf,
    /// The drives that are chosen.
    These,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            folder: String::new(),
            container: String::new(),
            prefix: String::new(),
            session: "argosy-1".to_owned(),
            cipher: "xts-aes-128".to_owned(),
            other_file_systems: false,
            content_md5: false,
            mhl: false,
            leave_unreadable: false,
            check: SurfaceCheck::default(),
            names: None,
            renames: BTreeMap::new(),
            shipping: Typed::default(),
            onto: Onto::WhatIf,
            size: "8 TB".to_owned(),
            picked: BTreeMap::new(),
            source_version: 0,
        }
    }
}

impl Draft {
    /// Takes what a data set asks for.
    pub fn take(&mut self, asked: Asked) {
        self.folder = asked.folder;
        self.container = asked.container;
        self.prefix = asked.prefix;
    }

    /// Chooses a drive, or not any more.
    pub fn pick(&mut self, path: String, picked: bool) {
        if picked {
            self.picked.entry(path).or_default();
            self.onto = Onto::These;
        } else {
            self.picked.remove(&path);
        }
    }

    /// Says what becomes of a chosen drive's free space.
    pub fn choose_free_space(&mut self, path: String, choice: FreeSpace) {
        if let Some(slot) = self.picked.get_mut(&path) {
            *slot = Some(choice);
        }
    }

    /// Returns the destination as it is written everywhere: `container/` or `container/prefix/`.
    #[must_use]
    pub fn destination(&self) -> String {
        let prefix = self.prefix.trim().trim_matches('/');
        let container = self.container.trim().trim_matches('/');
        if prefix.is_empty() {
            format!("{container}/")
        } else {
            format!("{container}/{prefix}/")
        }
    }

    /// Returns the destination once one is chosen and well formed.
    #[must_use]
    pub fn chosen_destination(&self) -> Option<String> {
        let is_chosen = !self.container.trim().is_empty() && self.destination_fault().is_none();
        is_chosen.then(|| self.destination())
    }

    /// Returns what is wrong with the destination; none also while it is empty.
    #[must_use]
    pub fn destination_fault(&self) -> Option<String> {
        if self.container.trim().is_empty() {
            return (!self.prefix.trim().is_empty())
                .then(|| "A prefix needs a container before it.".to_owned());
        }
        let parsed = self.destination().parse::<Destination>();
        parsed.err().map(|error| sentence(&error.to_string()))
    }

    /// Returns what is wrong with the session id.
    #[must_use]
    pub fn session_fault(&self) -> Option<String> {
        if self.mhl && mhl::is_own_folder(&self.session) {
            return Some("The hash list has the folder of that name.".to_owned());
        }
        let parsed = self.session.parse::<SessionId>();
        parsed.err().map(|error| sentence(&error.to_string()))
    }

    /// Returns what is wrong with the size of "what if".
    #[must_use]
    pub fn size_fault(&self) -> Option<String> {
        match words::parse_size(&self.size) {
            Some(_) => None,
            None => Some("A size is a number and a unit, as in 16 TB.".to_owned()),
        }
    }

    /// Returns what to plan, or nothing while something is missing or wrong. `creator` would make a hash list.
    #[must_use]
    pub fn plan_request(&self, drives: &[Drive], creator: Option<&Creator>) -> Option<PlanRequest> {
        if self.destination_fault().is_some() || self.session_fault().is_some() {
            return None;
        }
        let (drives, as_many_as_needed) = match self.onto {
            Onto::WhatIf => {
                let bytes = words::parse_size(&self.size)?;
                // Sold sizes are rounded; a drive has whole sectors.
                let bytes = bytes.checked_sub(bytes % 4096)?;
                let size = WantedDrive {
                    serial: "drive".to_owned(),
                    bytes,
                    sector_bytes: 512,
                };
                (vec![size], true)
            }
            Onto::These => (self.wanted(drives), false),
        };
        (!drives.is_empty()).then(|| PlanRequest {
            session: self.session.clone(),
            destination: self.chosen_destination(),
            content_md5: self.content_md5,
            mhl: creator.filter(|_| self.mhl).cloned(),
            take_proposals: self.names == Some(Names::Propose),
            renames: self
                .renames
                .iter()
                .map(|(path, name)| Rename {
                    path: path.clone(),
                    name: name.clone(),
                })
                .collect(),
            drives,
            as_many_as_needed,
        })
    }

    fn wanted(&self, drives: &[Drive]) -> Vec<WantedDrive> {
        drives
            .iter()
            .filter(|drive| self.picked.contains_key(&drive.path))
            .map(|drive| WantedDrive {
                serial: drive.serial.clone(),
                bytes: drive.bytes,
                sector_bytes: drive.sector_bytes,
            })
            .collect()
    }

    /// Returns the first thing that keeps a job from being started, as a sentence.
    #[must_use]
    pub fn missing(
        &self,
        source: Option<&str>,
        view: Option<&PlanView>,
        drives: &[Drive],
    ) -> Option<&'static str> {
        let picked = || {
            drives
                .iter()
                .filter(|drive| self.picked.contains_key(&drive.path))
        };
        let undecided = |drive: &Drive| {
            drive.blank != Some(true) && self.picked.get(&drive.path).is_none_or(Option::is_none)
        };
        if source.is_none() {
            Some(
                "Choose a source folder on the Plan page first: a listing alone can be planned, not sent.",
            )
        } else if self.container.trim().is_empty() {
            Some("Say on the Plan page where the files should arrive.")
        } else if self.destination_fault().is_some() || self.session_fault().is_some() {
            Some("Something on the Plan page is not well formed yet.")
        } else if view.is_some_and(|view| view.problem_count > 0) && self.names.is_none() {
            Some("Say on the Plan page what becomes of the names that cannot go as they are.")
        } else if picked().next().is_none() {
            Some("Choose at least one drive.")
        } else if picked().any(undecided) {
            Some("Say for each drive that holds something what becomes of its free space.")
        } else {
            None
        }
    }

    /// Returns the request that has the agent plan the job.
    #[must_use]
    pub fn start_request(
        &self,
        source: &str,
        view: Option<&PlanView>,
        drives: &[Drive],
        accept_differences: bool,
    ) -> StartRequest {
        let picked = drives.iter().filter_map(|drive| {
            let choice = self.picked.get(&drive.path)?;
            Some(PickedDrive {
                path: drive.path.clone(),
                serial: drive.serial.clone(),
                free_space: choice.unwrap_or_default(),
            })
        });
        StartRequest {
            session: self.session.clone(),
            source: source.to_owned(),
            destination: self.destination(),
            drives: picked.collect(),
            options: StartOptions {
                cipher: self.cipher.clone(),
                check: self.check,
                verify: true,
                content_md5: self.content_md5,
                mhl: self.mhl,
                renames: view.map(|view| view.renames.clone()).unwrap_or_default(),
                // With new names accepted, what no name helps is left out as well; the plan has said so.
                leave_out_problems: self.names.is_some(),
                leave_unreadable: self.leave_unreadable,
                other_file_systems: self.other_file_systems,
            },
            expected: view.map(expected).unwrap_or_default(),
            accept_differences,
        }
    }
}

fn expected(view: &PlanView) -> Vec<ExpectedDrive> {
    let drives = view.drives.iter().map(|drive| ExpectedDrive {
        serial: drive.serial.clone(),
        files: drive.files,
        used_bytes: drive.used_bytes,
    });
    drives.collect()
}

#[cfg(test)]
mod tests {
    use shared::api::SerialSource;

    use super::*;

    fn drive(path: &str, blank: bool) -> Drive {
        Drive {
            path: path.to_owned(),
            serial: path.to_uppercase(),
            serial_source: SerialSource::Drive,
            bridge_serial: String::new(),
            wwn: String::new(),
            model: String::new(),
            bytes: 16_000_900_661_248,
            sector_bytes: 4096,
            physical_sector_bytes: None,
            bus: String::new(),
            erasable: true,
            reasons: Vec::new(),
            contents: Vec::new(),
            blank: Some(blank),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn what_cannot_be_read_stays_behind_only_when_the_person_said_so() {
        let leaves = |draft: &Draft| {
            let request = draft.start_request("/data", None, &[], false);
            request.options.leave_unreadable
        };
        let mut draft = Draft::default();
        assert!(!leaves(&draft));
        draft.leave_unreadable = true;
        assert!(leaves(&draft));
    }

    #[test]
    fn a_destination_is_written_with_one_slash_at_its_end() {
        let mut draft = Draft {
            container: " film/".to_owned(),
            ..Draft::default()
        };
        assert_eq!(draft.destination(), "film/");
        draft.prefix = "/reels/a/".to_owned();
        assert_eq!(draft.destination(), "film/reels/a/");
        assert_eq!(draft.destination_fault(), None);
        assert_eq!(draft.chosen_destination().as_deref(), Some("film/reels/a/"));
        draft.container = "Film!".to_owned();
        assert!(draft.destination_fault().is_some());
        assert_eq!(draft.chosen_destination(), None);
        assert_eq!(Draft::default().chosen_destination(), None);
    }

    #[test]
    fn a_plan_can_be_seen_before_the_destination_is_known() {
        let request = Draft::default()
            .plan_request(&[], None)
            .expect("a size is chosen");
        assert_eq!(request.destination, None);
        assert!(request.as_many_as_needed);
        assert_eq!(request.drives[0].bytes, 8_000_000_000_000);
    }

    #[test]
    fn choosing_a_drive_plans_onto_it() {
        let mut draft = Draft::default();
        draft.pick("a".to_owned(), true);
        let request = draft
            .plan_request(&[drive("a", true), drive("b", true)], None)
            .expect("one is chosen");
        let serials: Vec<_> = request
            .drives
            .iter()
            .map(|drive| drive.serial.as_str())
            .collect();
        assert_eq!(serials, ["A"]);
        assert!(!request.as_many_as_needed);
    }

    #[test]
    fn a_hash_list_is_planned_for_and_asked_for_and_keeps_its_folder() {
        let mut draft = Draft {
            mhl: true,
            ..Draft::default()
        };
        let creator = Creator {
            host: "cart".to_owned(),
            version: "1".to_owned(),
        };
        let request = draft.plan_request(&[], Some(&creator));
        assert_eq!(request.and_then(|request| request.mhl), Some(creator));
        let request = draft.start_request("/src", None, &[], false);
        assert!(request.options.mhl);
        draft.session = "AscMhl".to_owned();
        assert!(draft.session_fault().is_some() && draft.plan_request(&[], None).is_none());
        draft.mhl = false;
        assert_eq!(draft.session_fault(), None);
    }

    #[test]
    fn a_drive_that_holds_something_needs_a_word_about_its_free_space() {
        let mut draft = Draft {
            container: "film".to_owned(),
            ..Draft::default()
        };
        let drives = [drive("a", false)];
        assert_eq!(
            draft.missing(Some("/src"), None, &drives),
            Some("Choose at least one drive.")
        );
        draft.pick("a".to_owned(), true);
        assert!(draft.missing(Some("/src"), None, &drives).is_some());
        draft.choose_free_space("a".to_owned(), FreeSpace::Wipe);
        assert_eq!(draft.missing(Some("/src"), None, &drives), None);
        let request = draft.start_request("/src", None, &drives, false);
        assert_eq!(request.drives[0].free_space, FreeSpace::Wipe);
    }

    #[test]
    fn a_listing_alone_is_never_sent() {
        let mut draft = Draft {
            container: "film".to_owned(),
            ..Draft::default()
        };
        draft.pick("a".to_owned(), true);
        assert!(draft.missing(None, None, &[drive("a", true)]).is_some());
    }

    #[test]
    fn bad_names_need_a_decision() {
        let mut draft = Draft {
            container: "film".to_owned(),
            ..Draft::default()
        };
        draft.pick("a".to_owned(), true);
        let view = PlanView {
            problem_count: 1,
            ..PlanView::default()
        };
        let drives = [drive("a", true)];
        assert!(draft.missing(Some("/src"), Some(&view), &drives).is_some());
        draft.names = Some(Names::LeaveOut);
        assert_eq!(draft.missing(Some("/src"), Some(&view), &drives), None);
    }
}
