//! What the page knows of the ledger, and how it changes. Without an agent the ledger of a file is kept here, in the page.

use std::rc::Rc;

use shared::api::{ApiError, code};
use shared::job::Moment;
use shared::ledger::{Change, Entry, Merged, Shipment, merge};

/// Who writes entries down where there is no machine to name.
const BY: &str = "the page";

/// The ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// Every shipment, by name; none before it was read.
    pub shipments: Option<Rc<Vec<Shipment>>>,
    /// The shipment that is looked at.
    pub chosen: Option<String>,
    /// Whether something is on its way to the agent, or back.
    pub working: bool,
    /// Why the last thing was not written down, or the ledger not read.
    pub refused: Option<ApiError>,
    /// Whether something was written down in the page that no file has.
    pub unsaved: bool,
}

/// Something happened to the ledger.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// Another shipment is looked at.
    Choose(String),
    /// The agent was asked, or told.
    Asked,
    /// What the agent's ledger says; the shipment that the change was about.
    Told(Result<Vec<Shipment>, ApiError>, Option<String>),
    /// A file was read in the page: its name, and what it says.
    Read(String, Result<Vec<Shipment>, ApiError>),
    /// Facts about a shipment, to be kept in the page, and when.
    Write(String, Vec<Change>, Moment),
    /// It was saved as a file.
    Saved,
    /// The person has read why something was refused.
    Close,
}

impl Ledger {
    /// Returns the shipment that is looked at.
    #[must_use]
    pub fn chosen(&self) -> Option<&Shipment> {
        let name = self.chosen.as_ref()?;
        self.all().iter().find(|shipment| shipment.name == *name)
    }

    /// Returns every shipment.
    #[must_use]
    pub fn all(&self) -> &[Shipment] {
        self.shipments
            .as_deref()
            .map_or(&[], |shipments| shipments.as_slice())
    }

    /// Returns how many entries of a shipment are known here; 0 of one that is not.
    #[must_use]
    pub fn known(&self, name: &str) -> usize {
        let shipment = self.all().iter().find(|shipment| shipment.name == name);
        shipment.map_or(0, |shipment| shipment.entries.len())
    }

    /// Returns it after something happened.
    #[must_use]
    pub fn turned(mut self, turn: Turn) -> Self {
        match turn {
            Turn::Choose(name) => {
                self.chosen = Some(name);
                self.refused = None;
            }
            Turn::Asked => {
                self.working = true;
                self.refused = None;
            }
            Turn::Told(Ok(shipments), about) => {
                self = Self {
                    shipments: Some(Rc::new(shipments)),
                    chosen: about.or(self.chosen),
                    ..Self::default()
                };
            }
            Turn::Told(Err(error), _) => {
                self.working = false;
                self.refused = Some(error);
            }
            Turn::Read(name, told) => match told.and_then(|told| self.taken(told)) {
                Ok((shipments, unsaved)) => {
                    self.unsaved = unsaved;
                    self.keep(shipments);
                }
                Err(error) => self.refused = Some(error.at(name)),
            },
            Turn::Write(name, changes, at) => match self.written(&name, changes, at) {
                Ok(shipments) => {
                    self.unsaved = true;
                    self.refused = None;
                    self.chosen = Some(name);
                    self.keep(shipments);
                }
                Err(error) => {
                    self.working = false;
                    self.refused = Some(error);
                }
            },
            Turn::Saved => self.unsaved = false,
            Turn::Close => self.refused = None,
        }
        self
    }

    fn keep(&mut self, mut shipments: Vec<Shipment>) {
        shipments.sort_by(|one, other| one.name.cmp(&other.name));
        if let ([only], None) = (shipments.as_slice(), &self.chosen) {
            self.chosen = Some(only.name.clone());
        }
        self.shipments = Some(Rc::new(shipments));
        self.working = false;
    }

    /// Returns all shipments after those of a file were taken over, whole or not at all, and whether no file has them all.
    fn taken(&self, told: Vec<Shipment>) -> Result<(Vec<Shipment>, bool), ApiError> {
        let mut all = self.all().to_vec();
        let (mut is_new, theirs_are_all) = (false, self.is_within(&told));
        for theirs in told {
            let Some(ours) = all.iter_mut().find(|ours| ours.name == theirs.name) else {
                all.push(theirs);
                is_new = true;
                continue;
            };
            match merge(ours, &theirs) {
                Merged::Ours => {}
                Merged::Newer(_) => {
                    *ours = theirs;
                    is_new = true;
                }
                Merged::Diverged { number } => {
                    let message = format!(
                        "From entry {number} on, this file and what is open here tell different stories of shipment {}.",
                        theirs.name
                    );
                    return Err(ApiError::new(code::REFUSED, message)
                        .safe("Nothing was taken over.")
                        .next("Agree on one of the two with the other site."));
                }
            }
        }
        Ok((all, !theirs_are_all && (self.unsaved || is_new)))
    }

    /// Returns whether shipments tell all that is here, or more.
    fn is_within(&self, told: &[Shipment]) -> bool {
        self.all().iter().all(|ours| {
            let theirs = told.iter().find(|theirs| theirs.name == ours.name);
            theirs.is_some_and(|theirs| theirs.entries.starts_with(&ours.entries))
        })
    }

    /// Returns all shipments after facts about one were written down, all or none.
    fn written(
        &self,
        name: &str,
        changes: Vec<Change>,
        at: Moment,
    ) -> Result<Vec<Shipment>, ApiError> {
        let entry = |change| Entry {
            at,
            by: BY.to_owned(),
            change,
        };
        let refused = |why: &dyn std::fmt::Display| {
            ApiError::new(code::REFUSED, format!("Shipment {name}: {why}."))
                .safe("Nothing was written down.")
        };
        let mut all = self.all().to_vec();
        let known = all.iter_mut().find(|shipment| shipment.name == name);
        let opens = matches!(changes.first(), Some(Change::Opened { .. }));
        match (known, opens) {
            (Some(_), true) => return Err(refused(&"there is one of that name already")),
            (None, false) => return Err(refused(&"there is none of that name")),
            (None, true) => {
                let entries = changes.into_iter().map(entry);
                let opened = Shipment::replay(name, entries);
                all.push(opened.map_err(|error| refused(&error.why))?);
            }
            (Some(shipment), false) => {
                for change in changes {
                    shipment.apply(entry(change)).map_err(|why| refused(&why))?;
                }
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use shared::ledger::{Direction, Service, ShipmentState};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn note(text: &str) -> Turn {
        let text = text.to_owned();
        Turn::Write("reel-1".to_owned(), vec![Change::Note { text }], Moment(7))
    }

    fn opened() -> Ledger {
        let first = Change::Opened {
            direction: Direction::Import,
            service: Service::Own,
        };
        Ledger::default().turned(Turn::Write("reel-1".to_owned(), vec![first], Moment(1)))
    }

    #[test]
    fn without_an_agent_facts_are_kept_until_saved_and_what_cannot_follow_is_not() {
        let ledger = opened().turned(note("packed"));
        assert_eq!(ledger.chosen().map(|one| one.entries.len()), Some(2));
        assert!(ledger.unsaved && !ledger.clone().turned(Turn::Saved).unsaved);
        let to = ShipmentState::Packaging;
        let moved = vec![Change::Moved { to }];
        let refused = ledger
            .clone()
            .turned(Turn::Write("reel-1".to_owned(), moved, Moment(9)));
        assert_eq!(refused.shipments, ledger.shipments);
        let why = refused.refused.expect("why").message;
        assert!(why.contains("only shipping or canceled"), "{why}");
    }

    #[test]
    fn what_no_file_has_is_unsaved_whatever_is_opened_beside_it() {
        let mut other = opened().all().to_vec();
        other[0].name = "reel-0".to_owned();
        let read = |told: &[Shipment]| Turn::Read("a.json".to_owned(), Ok(told.to_vec()));
        // Written here, then another shipment's file is opened: the first is in no file still.
        let both = opened().turned(read(&other));
        assert!(both.unsaved && both.all().len() == 2);
        // A file that has all of it, and one that adds nothing to what a file has.
        assert!(!both.clone().turned(read(both.all())).unsaved);
        let saved = both.turned(Turn::Saved);
        assert!(!saved.clone().turned(read(&other)).unsaved);
        assert!(!Ledger::default().turned(read(&other)).unsaved);
    }

    #[test]
    fn a_file_that_was_refused_stays_told_when_the_next_one_is_taken() {
        let why = ApiError::new(code::BAD_REQUEST, "It is no ledger.");
        let both = Ledger::default()
            .turned(Turn::Read("a.json".to_owned(), Err(why)))
            .turned(Turn::Read("b.json".to_owned(), Ok(opened().all().to_vec())));
        assert_eq!(both.all().len(), 1);
        assert_eq!(both.refused.expect("told").place, "a.json");
    }

    #[test]
    fn a_second_file_goes_on_where_the_first_ends_and_another_story_is_refused_whole() {
        let short = opened();
        let long = short.clone().turned(note("packed"));
        let read = |ledger: &Ledger| Turn::Read("b.json".to_owned(), Ok(ledger.all().to_vec()));
        assert_eq!(short.clone().turned(read(&long)).all(), long.all());
        assert_eq!(long.clone().turned(read(&short)).all(), long.all());
        let other = short.turned(note("lost"));
        let refused = other.clone().turned(read(&long));
        assert_eq!(refused.all(), other.all());
        assert!(refused.refused.is_some());
    }
}
