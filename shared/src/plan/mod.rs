//! Files onto drives, before anything is opened.
//!
//! ```text
//! scan, dataset, CSV -> Listing -> problems (names that cannot go) -> fit -> Plan
//!                                  Mapping (drive paths, blob names) --^
//! ```
//! A plan is proven: each of its drives has been counted to the cluster by [`ntfs_image::Cost`], from
//! which the layout itself is made, and its reason why fewer drives cannot do holds for every possible
//! arrangement. The browser and the agent make the same one.

mod by_folder;
mod collated;
mod columns;
pub mod dataset;
pub mod driveset;
mod entries;
pub mod export;
mod fit;
mod lengths;
mod listed_path;
mod listing;
pub mod listing_csv;
mod mapping;
mod named;
mod pieces;
mod problems;
pub mod renames_csv;
mod seen;
pub mod share_names;
mod space;
mod table;
mod tree;

pub use columns::{Columns, ColumnsError, read_columns};
pub use fit::{
    DRIVES_PER_JOB, DriveSize, FitError, Plan, PlanHasher, PlanOptions, PlannedDrive, fit,
};
pub use listed_path::ListedPath;
pub use listing::{Entry, Facts, Folder, FolderId, Kind, Listing, ListingError};
pub use mapping::{Goal, Mapping, Naming, PROPERTIES_BYTES, Target};
pub use pieces::{in_pieces, pieces_of};
pub use problems::{Problem, Problems, Rule, mend, problems};
pub use space::{DISK_BYTES_MIN, KeptVolume, Onto, Space, SpaceError};
pub use table::field as csv_field;
pub use tree::{DriveTree, DriveTreeError, HashListNodes, MANIFEST_NAME, NodeMap, NodeSource};
