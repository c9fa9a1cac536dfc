//! What changes of a volume that exists when a tree was laid out onto it.
//!
//! ```text
//! volume, layout onto it -> root_index   the root's index anew, in free clusters
//!                           table        $MFT longer, its bitmap anew, both copies of its record
//!                           pages        all of it as whole pages of the volume, beside those of $Bitmap
//! ```
//! Everything but a handful of pages lies in clusters that were free. Until those are written the volume is what it
//! was; they are given as bytes, so that writing them does not depend on what is there, and may be done again.

mod error;
mod given_up;
mod pages;
mod record_edit;
mod root_index;
mod table;

pub use error::AmendError;
pub use pages::{Change, ChangeBytes};
pub(super) use table::system_stream;
