//! What is handed over with the drives: from journals to the bodies and command lines of the service.
//!
//! ```text
//! journal -> Replay -> HandedDrive (or why not) -+-> parcels of at most 10 -+-> import_export   PUT body, Microsoft.ImportExport 2021-01-01
//!                                                |                          +-> data_box        PUT body, Microsoft.DataBox 2022-12-01
//!                                     Details ---+                          +-> az_cli          a script, and a file for each key
//! journal -> portal                                                         all of them: Document, a name and a text
//! ```
//! The command line and the page write the same documents.
//! The bodies and the key files hold recovery passwords, as the service wants them (azure-import-export.md, 7).

mod az_cli;
mod data_box;
mod details;
mod document;
mod drive;
mod import_export;
mod parcel;
mod proven;
#[cfg(test)]
mod tests;

pub use az_cli::{AzScript, az_cli};
pub use data_box::data_box;
pub use details::{Address, Carrier, Details, DetailsError, Package};
pub use document::{Document, Service, documents, portal};
pub use drive::{HandedDrive, NotHanded, handed};
pub use import_export::import_export;
pub use parcel::{Parcel, ParcelError, once_each, parcels};
pub use proven::{ProvenDrive, proven};
