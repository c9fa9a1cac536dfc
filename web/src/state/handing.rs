//! What the page knows of a hand-over, and how it changes. It stays in the page.

use std::collections::BTreeSet;
use std::rc::Rc;

use shared::api::ApiError;
use shared::handoff::Details;

use crate::details;
use crate::handing::{Handed, Order, Whom};

/// What the person has chosen and typed, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Handing {
    /// For whom.
    pub whom: Option<Whom>,
    /// The form.
    pub details: Details,
    /// What came of it.
    pub answer: Answer,
    /// Why a details file could not be loaded; empty when it could.
    pub unloaded: String,
    /// Serials of the drives whose keys are shown.
    pub shown: BTreeSet<String>,
}

/// What came of an order.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Answer {
    /// Nothing was asked for.
    #[default]
    Nothing,
    /// The journals are being judged.
    Working,
    /// It came to an end.
    Is(Rc<Handed>),
    /// The page could not do it.
    Failed(ApiError),
}

impl Default for Handing {
    fn default() -> Self {
        Self {
            whom: None,
            details: details::blank(),
            answer: Answer::Nothing,
            unloaded: String::new(),
            shown: BTreeSet::new(),
        }
    }
}

/// Something happened to the hand-over.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The person chose who it is for.
    For(Whom),
    /// A field of the form was typed into: as the details file calls it, and what stands there now.
    Typed(&'static str, String),
    /// A details file was loaded, or why it could not be.
    Loaded(Result<Details, String>),
    /// The documents were asked for.
    Ask,
    /// What came of an order.
    Answer(Order, Answer),
    /// The person wants the key of a drive shown, or covered again: its serial.
    Key(String),
}

impl Handing {
    /// Returns what is asked for by what stands in the form; `None` while nobody says for whom.
    #[must_use]
    pub fn order(&self) -> Option<Order> {
        self.whom.map(|whom| Order {
            whom,
            details: self.details.clone(),
        })
    }

    /// Returns it after a change.
    #[must_use]
    pub fn changed(self, change: Change) -> Self {
        match change {
            Change::For(whom) => Self {
                whom: Some(whom),
                ..self.unanswered()
            },
            Change::Typed(path, text) => {
                let mut typed = self.unanswered();
                details::set(&mut typed.details, path, text);
                typed
            }
            Change::Loaded(Ok(details)) => Self {
                details,
                ..self.unanswered()
            },
            Change::Loaded(Err(unloaded)) => Self {
                unloaded,
                ..self.unanswered()
            },
            Change::Ask => Self {
                answer: Answer::Working,
                ..self.unanswered()
            },
            Change::Answer(order, answer) => self.answered(&order, answer),
            Change::Key(serial) => self.turned(serial),
        }
    }

    /// Returns it with nothing asked for and no key shown: something was changed.
    #[must_use]
    pub fn unanswered(self) -> Self {
        Self {
            answer: Answer::Nothing,
            unloaded: String::new(),
            shown: BTreeSet::new(),
            ..self
        }
    }

    /// An answer to what was asked before the form was changed is of no interest, and changes nothing in it.
    fn answered(self, order: &Order, answer: Answer) -> Self {
        if self.answer != Answer::Working || self.order().as_ref() != Some(order) {
            return self;
        }
        Self { answer, ..self }
    }

    fn turned(mut self, serial: String) -> Self {
        if !self.shown.remove(&serial) {
            self.shown.insert(serial);
        }
        self
    }

    /// Returns what is wrong with this field, when it is this one.
    #[must_use]
    pub fn fault(&self, field: &str) -> Option<&str> {
        match &self.answer {
            Answer::Is(handed) => match handed.as_ref() {
                Handed::Field { field: wrong, why } if wrong == field => Some(why),
                _ => None,
            },
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn an_answer_that_comes_late_takes_nothing_of_what_was_typed_meanwhile() {
        let asked = Handing::default()
            .changed(Change::For(Whom::DataBox))
            .changed(Change::Ask);
        let order = asked.order().expect("for somebody");
        let answer = Change::Answer(order, Answer::Is(Rc::new(Handed::Refused(Vec::new()))));
        let answered = asked.clone().changed(answer.clone());
        assert!(matches!(answered.answer, Answer::Is(_)));

        let typed = asked.changed(Change::Typed("name", "reel-1".to_owned()));
        assert_eq!(typed.clone().changed(answer.clone()), typed);
        // Nor is it one to what was asked after that.
        let again = typed.changed(Change::Ask);
        assert_eq!(again.clone().changed(answer), again);
        assert_eq!(again.details.name, "reel-1");
    }
}
