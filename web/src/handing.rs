//! The hand-over, here in the page: what `argosy journal handoff` makes of the same journals, byte for byte.
//!
//! ```text
//! journals, Order -> the form looked at -> every journal judged -> Handed::Field | Refused | Made (files, drives, cautions)
//! ```

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use shared::handoff::{
    Details, DetailsError, Document, HandedDrive, ParcelError, Service, documents, handed,
    once_each, parcels, portal,
};
use zeroize::Zeroizing;

/// Who the hand-over is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whom {
    /// The portal: a file for each drive.
    Portal,
    /// A script for the Azure CLI.
    AzCli,
    /// The body of a Microsoft.ImportExport job.
    ImportExport,
    /// The body of a Microsoft.DataBox job.
    DataBox,
}

impl Whom {
    /// Everybody, in the order of the choice.
    pub const ALL: [Self; 4] = [Self::Portal, Self::AzCli, Self::ImportExport, Self::DataBox];

    /// Returns the word that the command line has for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::AzCli => "az-cli",
            Self::ImportExport => "import-export",
            Self::DataBox => "databox",
        }
    }

    /// Returns what it is, and when a person wants it.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Portal => (
                "The Azure portal",
                "A file for each drive, to be uploaded where the portal asks for journal files.",
            ),
            Self::AzCli => (
                "The Azure command line",
                "A script with az import-export create, and a key file for each drive.",
            ),
            Self::ImportExport => (
                "The Import/Export service by REST",
                "The body of a Microsoft.ImportExport job, API version 2021-01-01.",
            ),
            Self::DataBox => (
                "The Data Box service by REST",
                "The body of a Microsoft.DataBox job of customer disks, API version 2022-12-01.",
            ),
        }
    }

    const fn service(self) -> Option<Service> {
        match self {
            Self::Portal => None,
            Self::AzCli => Some(Service::AzCli),
            Self::ImportExport => Some(Service::ImportExport),
            Self::DataBox => Some(Service::DataBox),
        }
    }

    /// Returns whether it wants to know accounts, addresses and carriers.
    #[must_use]
    pub const fn wants_details(self) -> bool {
        self.service().is_some()
    }
}

/// What is handed over to whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// For whom.
    pub whom: Whom,
    /// What a service wants to know of the shipment.
    pub details: Details,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Handed {
    /// Not all journals can be handed over: the file, and why not.
    Refused(Vec<(String, String)>),
    /// A field of the details is wrong.
    Field {
        /// The field as the details file calls it.
        field: String,
        /// What is wrong.
        why: String,
    },
    /// The documents.
    Made(Made),
}

/// Documents and what they are about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// For whom.
    pub whom: Whom,
    /// The drives.
    pub drives: Vec<HandedOver>,
    /// Names of the jobs, with their drives; none for the portal.
    pub jobs: Vec<(String, u64)>,
    /// The documents.
    pub documents: Vec<Paper>,
}

/// A drive that is handed over.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HandedOver {
    /// Its serial.
    pub serial: String,
    /// The 48 digits.
    pub key: String,
    /// MD5 of its manifest.
    pub manifest_hash: String,
    /// Files on it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What to know before it ships.
    pub cautions: Vec<String>,
}

/// Says no key.
impl std::fmt::Debug for HandedOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HandedOver")
            .field("serial", &self.serial)
            .finish_non_exhaustive()
    }
}

/// A document.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Paper {
    /// Its name.
    pub name: String,
    /// Its content.
    pub text: String,
    /// How many drives whoever has it can open.
    pub keys: u64,
}

/// Says no key.
impl std::fmt::Debug for Paper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Paper")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Paper {
    fn of(document: &Document) -> Self {
        Self {
            name: document.name.clone(),
            text: document.text.to_string(),
            keys: u64::try_from(document.opens.len()).unwrap_or(u64::MAX),
        }
    }

    /// Returns what a browser is told that it is.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("json") => "application/json",
            Some("xml") => "application/xml",
            _ => "text/plain",
        }
    }

    /// Returns its text with every key that is not shown covered.
    #[must_use]
    pub fn covered(&self, drives: &[HandedOver], shown: &BTreeSet<String>) -> String {
        let hidden = drives.iter().filter(|drive| !shown.contains(&drive.serial));
        hidden.fold(self.text.clone(), |text, drive| {
            text.replace(&drive.key, &cover(&drive.key))
        })
    }
}

/// Returns a key with its digits covered.
#[must_use]
pub fn cover(key: &str) -> String {
    let covered = key.chars().map(|letter| {
        if letter.is_ascii_digit() {
            '\u{2022}'
        } else {
            letter
        }
    });
    covered.collect()
}

/// Judges every journal, and makes the documents when all of them are right and nothing is missing. The form comes first:
/// a journal takes a tenth of a second or more.
#[must_use]
pub fn hand_over(journals: &[(String, Zeroizing<Vec<u8>>)], order: &Order) -> Handed {
    if order.whom.wants_details()
        && let Err(error) = order.details.check()
    {
        return of_details(&error);
    }
    let mut drives: Vec<HandedDrive> = Vec::with_capacity(journals.len());
    let mut papers = Vec::new();
    let mut refused = Vec::new();
    for (name, journal) in journals {
        let judged = handed(journal).and_then(|drive| {
            if order.whom == Whom::Portal {
                papers.push(Paper::of(&portal(journal)?));
            }
            Ok(drive)
        });
        match judged {
            Ok(drive) => drives.push(drive),
            Err(why) => refused.push((name.clone(), why.to_string())),
        }
    }
    if !refused.is_empty() {
        return Handed::Refused(refused);
    }
    if let Err(error) = once_each(&drives) {
        return of_parcels(&error);
    }
    let over = drives.iter().map(over).collect();
    let mut jobs = Vec::new();
    if let Some(service) = order.whom.service() {
        let parcels = match parcels(drives, &order.details) {
            Ok(parcels) => parcels,
            Err(error) => return of_parcels(&error),
        };
        jobs.extend(parcels.iter().map(|parcel| {
            let drives = u64::try_from(parcel.drives.len()).unwrap_or(u64::MAX);
            (parcel.name.clone(), drives)
        }));
        let made = documents(service, &parcels, &order.details);
        papers = made.iter().map(Paper::of).collect();
    }
    Handed::Made(Made {
        whom: order.whom,
        drives: over,
        jobs,
        documents: papers,
    })
}

fn over(drive: &HandedDrive) -> HandedOver {
    HandedOver {
        serial: drive.serial.clone(),
        key: drive.recovery_password.reveal().to_string(),
        manifest_hash: drive.manifest_hash.clone(),
        files: drive.files,
        bytes: drive.bytes,
        cautions: drive.cautions(),
    }
}

fn of_details(error: &DetailsError) -> Handed {
    let (field, why) = match error {
        DetailsError::Empty { field } => (*field, "Still empty.".to_owned()),
        DetailsError::StorageAccount { .. } => (
            "storageAccountId",
            "Not the resource id of a storage account. The portal shows it under Properties: \
             /subscriptions/.../resourceGroups/.../providers/Microsoft.Storage/storageAccounts/NAME"
                .to_owned(),
        ),
        other => ("name", other.to_string()),
    };
    Handed::Field {
        field: field.to_owned(),
        why,
    }
}

fn of_parcels(error: &ParcelError) -> Handed {
    match error {
        ParcelError::Name { .. } => Handed::Field {
            field: "name".to_owned(),
            why: crate::words::sentence(&error.to_string()),
        },
        other => Handed::Refused(vec![(String::new(), other.to_string())]),
    }
}

#[cfg(test)]
mod tests;
