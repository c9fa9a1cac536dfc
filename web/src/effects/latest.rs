//! Which of several questions is the last one: an answer to an earlier one is of no interest.

use std::cell::Cell;
use std::rc::Rc;

/// Numbers questions of one kind. Cloning gives another handle to the same.
#[derive(Clone, Default)]
pub(super) struct Latest(Rc<Cell<u32>>);

impl Latest {
    /// Returns the number of a new question, which makes all earlier ones void.
    pub(super) fn next(&self) -> u32 {
        let number = self.0.get().wrapping_add(1);
        self.0.set(number);
        number
    }

    /// Whether no question came after this one.
    pub(super) fn is(&self, number: u32) -> bool {
        self.0.get() == number
    }

    /// Whether both are handles to the same.
    pub(super) fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}
