//! Which of several questions is the last one: an answer to an earlier one is of no interest.

use std::cell::Cell;
use std::rc::Rc;

/// Numbers questions of one kind. Cloning gives another handle to the same.
#[derive(Clone, Default)]
pub(crate) struct Latest(Rc<Cell<u32>>);

impl Latest {
    /// Returns the number of a new question, which makes all earlier ones void.
    pub(crate) fn next(&self) -> u32 {
        let number = self.0.get().wrapping_add(1);
        self.0.set(number);
        number
    }

    /// Returns the number of the last question.
    pub(crate) fn last(&self) -> u32 {
        self.0.get()
    }

    /// Whether no question came after this one.
    pub(crate) fn is(&self, number: u32) -> bool {
        self.0.get() == number
    }

    /// Whether both are handles to the same.
    pub(crate) fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn only_the_last_question_counts_whichever_handle_asked_it() {
        let (one, other) = (Latest::default(), Latest::default());
        let same = one.clone();
        let first = one.next();
        assert!(one.is(first) && same.is(first));
        let second = same.next();
        assert!(!one.is(first) && one.is(second));
        assert_eq!(one.last(), second);
        assert!(one.same(&same) && !one.same(&other));
    }
}
