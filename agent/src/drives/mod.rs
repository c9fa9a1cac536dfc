//! The drives as everything above `device` reaches them: this process has them itself, or the root part keeps them.
//!
//! ```text
//! jobs, http, cli -> Drives -+-> device                          (root, or image files of one's own)
//!                            '-> root_part::RootPart -> device   (block devices, where root stayed behind)
//! ```
//!
//! A file that the person may write needs nobody's rights but theirs: it never goes through the root part.

mod confirmed;
mod handle;
#[cfg(target_os = "linux")]
mod kept_drive;

pub use confirmed::{Confirmed, NotConfirmed};
pub use handle::Drives;
