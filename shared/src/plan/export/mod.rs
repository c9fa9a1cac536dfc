//! Blobs that come out of a store: what the listing does not say of them, and where they lie on a
//! drive.
//!
//! ```text
//! store's listing -> place (a path that NTFS can hold for each) -> Listing + Export (a blob an entry) -> fit
//!     music/a:b?.mp3              \music\a_b_.mp3  \music\a_b_.mp3.properties  \music\a_b_.mp3.metadata
//! ```

mod attached;
mod blob;
mod placement;
mod preview;

pub use attached::{METADATA_SUFFIX, PROPERTIES_SUFFIX};
pub use blob::{Export, ExportBlob, StoredKind, StoredProperties};
pub use placement::{Placed, place};
pub use preview::Preview;
