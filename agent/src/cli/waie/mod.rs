//! WAImportExport's own command lines, carried out by Argosy.
//!
//! ```text
//! words -> Switches (spelling) -> Order (what is asked, typed) -> prepare, resume, abort, adopt, repairs, journals of a folder
//!                                   '-> refused in words: what Argosy has no part for, and what does it instead
//! ```
//! The Windows tool's journal, `/j:JOB.jrn`, is a folder here, `JOB`, that holds a journal a drive.

mod arguments;
mod carry_out;
mod fill;
mod listed;
mod nearest;
mod order;
mod pending;
mod places;
mod prep_import;
mod preview_export;
mod repair;
mod switches;

pub(super) use arguments::{Arguments, run};
