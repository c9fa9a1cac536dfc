//! Blobs of a store, to be put onto drives: what the export service does at its end.
//!
//! ```text
//! BlobList -> choose (lists containers, asks about blobs) -> Chosen -> Gathered: a place on the drive for each
//!                                                                        | plan, confirm, freeze: as any job
//!                                            pipeline <- StoreSource <---'
//!                                     a leg ahead of the pass, by ranges, several at once, each under the
//!                                     version that was listed; of page blobs those that hold something (Pages)
//! ```
//! A blob that is another when its turn comes, or not what its own Content-MD5 says, is left out and
//! named. A store that cannot be reached, or does not let us in any more, stops the job where it is.

mod blob;
mod choose;
mod pages;
mod reach;
mod source;
mod sums;
mod whole_hash;

pub use choose::{Chosen, ChosenBlob, choose};
pub use reach::Reach;
pub use source::{GaveUp, StoreSource};
pub use sums::Sums;
