//! The printable report of finished drives: what goes into the box, and into the file of whoever signs for it.
//!
//! ```text
//! journal -> check, replay -> Reported -> page: one HTML document without scripts, links or keys
//! ```

mod drive;
mod html;
mod page;
#[cfg(test)]
mod tests;

pub use drive::{Reported, reported};
pub use page::page;
