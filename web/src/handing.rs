//! The hand-over, here in the page: what `argosy journal handoff` makes of the same journals, byte for byte.
//!
//! ```text
//! journals, Order -> every journal judged -> Handed::Refused | Field (a fault of the form) | Made (files, drives, cautions)
//! ```

use std::collections::BTreeSet;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use shared::api::ApiError;
use shared::handoff::{
    Details, DetailsError, Document, HandedDrive, ParcelError, Service, documents, handed, parcels,
    portal,
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

/// What the person has chosen and typed, and what came of it. It stays in the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Handing {
    /// For whom.
    pub whom: Option<Whom>,
    /// The form.
    pub details: Details,
    /// What came of it.
    pub answer: Answer,
    /// Why a details file could not be loaded; empty when it could.
    pub unloaded: String,
    /// Serials of the drives whose keys are shown.
    pub shown: BTreeSet<String>,
}

/// What came of an order.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Answer {
    /// Nothing was asked for.
    #[default]
    Nothing,
    /// The journals are being judged.
    Working,
    /// It came to an end.
    Is(Rc<Handed>),
    /// The page could not do it.
    Failed(ApiError),
}

impl Default for Handing {
    fn default() -> Self {
        Self {
            whom: None,
            details: blank(),
            answer: Answer::Nothing,
            unloaded: String::new(),
            shown: BTreeSet::new(),
        }
    }
}

impl Handing {
    /// Returns it with nothing asked for and no key shown: something was changed.
    #[must_use]
    pub fn unanswered(self) -> Self {
        Self {
            answer: Answer::Nothing,
            unloaded: String::new(),
            shown: BTreeSet::new(),
            ..self
        }
    }

    /// Returns what is wrong with this field, when it is this one.
    #[must_use]
    pub fn fault(&self, field: &str) -> Option<&str> {
        match &self.answer {
            Answer::Is(handed) => match handed.as_ref() {
                Handed::Field { field: wrong, why } if wrong == field => Some(why),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A field of the form.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// As the details file calls it.
    pub path: &'static str,
    /// As a person reads it.
    pub label: &'static str,
    /// What it looks like, or nothing.
    pub example: &'static str,
    /// What a browser may fill in.
    pub autocomplete: &'static str,
}

const fn field(
    path: &'static str,
    label: &'static str,
    example: &'static str,
    autocomplete: &'static str,
) -> Field {
    Field {
        path,
        label,
        example,
        autocomplete,
    }
}

/// The fields of the job and of the account that it is for.
pub const JOB: [Field; 6] = [
    field("name", "Name of the job", "reel-1", "off"),
    field(
        "subscription",
        "Subscription",
        "00000000-0000-0000-0000-000000000000",
        "off",
    ),
    field("resourceGroup", "Resource group", "my-group", "off"),
    field("location", "Region", "westeurope", "off"),
    field(
        "storageAccountId",
        "Storage account, its resource id",
        "/subscriptions/.../storageAccounts/NAME",
        "off",
    ),
    field(
        "diagnosticsPath",
        "Container for the service\u{2019}s logs",
        "waimportexport",
        "off",
    ),
];

/// The fields of the address that the drives come back to.
pub const ADDRESS: [Field; 9] = [
    field("returnAddress.recipientName", "Recipient", "", "name"),
    field(
        "returnAddress.streetAddress1",
        "Street",
        "",
        "address-line1",
    ),
    field(
        "returnAddress.streetAddress2",
        "Street, second line (optional)",
        "",
        "address-line2",
    ),
    field("returnAddress.city", "City", "", "address-level2"),
    field(
        "returnAddress.stateOrProvince",
        "State or province (optional)",
        "",
        "address-level1",
    ),
    field("returnAddress.postalCode", "Postal code", "", "postal-code"),
    field(
        "returnAddress.countryOrRegion",
        "Country, two letters",
        "NL",
        "country",
    ),
    field("returnAddress.phone", "Telephone", "", "tel"),
    field("returnAddress.email", "E-mail", "", "email"),
];

/// The fields of the carriers.
pub const CARRIERS: [Field; 4] = [
    field(
        "returnShipping.carrierName",
        "Carrier that brings them back",
        "DHL",
        "off",
    ),
    field(
        "returnShipping.carrierAccountNumber",
        "Your account with it",
        "",
        "off",
    ),
    field(
        "deliveryPackage.carrierName",
        "Carrier of your parcel (optional)",
        "DHL",
        "off",
    ),
    field(
        "deliveryPackage.trackingNumber",
        "Its tracking number (optional)",
        "",
        "off",
    ),
];

/// Returns what stands in a field.
#[must_use]
pub fn value<'a>(details: &'a Details, path: &str) -> &'a str {
    let (address, carrier) = (&details.return_address, &details.return_shipping);
    let package = details.delivery_package.as_ref();
    match path {
        "name" => &details.name,
        "subscription" => &details.subscription,
        "resourceGroup" => &details.resource_group,
        "location" => &details.location,
        "storageAccountId" => &details.storage_account_id,
        "diagnosticsPath" => &details.diagnostics_path,
        "returnAddress.recipientName" => &address.recipient_name,
        "returnAddress.streetAddress1" => &address.street_address1,
        "returnAddress.streetAddress2" => &address.street_address2,
        "returnAddress.city" => &address.city,
        "returnAddress.stateOrProvince" => &address.state_or_province,
        "returnAddress.postalCode" => &address.postal_code,
        "returnAddress.countryOrRegion" => &address.country_or_region,
        "returnAddress.phone" => &address.phone,
        "returnAddress.email" => &address.email,
        "returnShipping.carrierName" => &carrier.carrier_name,
        "returnShipping.carrierAccountNumber" => &carrier.carrier_account_number,
        "deliveryPackage.carrierName" => package.map_or("", |package| &package.carrier_name),
        "deliveryPackage.trackingNumber" => package.map_or("", |package| &package.tracking_number),
        _ => "",
    }
}

/// Puts `text` into a field. A parcel of which nothing is said is none.
pub fn set(details: &mut Details, path: &str, text: String) {
    let (address, carrier) = (&mut details.return_address, &mut details.return_shipping);
    let place = match path {
        "name" => &mut details.name,
        "subscription" => &mut details.subscription,
        "resourceGroup" => &mut details.resource_group,
        "location" => &mut details.location,
        "storageAccountId" => &mut details.storage_account_id,
        "diagnosticsPath" => &mut details.diagnostics_path,
        "returnAddress.recipientName" => &mut address.recipient_name,
        "returnAddress.streetAddress1" => &mut address.street_address1,
        "returnAddress.streetAddress2" => &mut address.street_address2,
        "returnAddress.city" => &mut address.city,
        "returnAddress.stateOrProvince" => &mut address.state_or_province,
        "returnAddress.postalCode" => &mut address.postal_code,
        "returnAddress.countryOrRegion" => &mut address.country_or_region,
        "returnAddress.phone" => &mut address.phone,
        "returnAddress.email" => &mut address.email,
        "returnShipping.carrierName" => &mut carrier.carrier_name,
        "returnShipping.carrierAccountNumber" => &mut carrier.carrier_account_number,
        "deliveryPackage.carrierName" | "deliveryPackage.trackingNumber" => {
            return set_package(details, path, text);
        }
        _ => return,
    };
    *place = text;
}

fn set_package(details: &mut Details, path: &str, text: String) {
    let package = details
        .delivery_package
        .get_or_insert_with(|| shared::handoff::Package {
            carrier_name: String::new(),
            tracking_number: String::new(),
        });
    if path.ends_with("carrierName") {
        package.carrier_name = text;
    } else {
        package.tracking_number = text;
    }
    if package.carrier_name.is_empty() && package.tracking_number.is_empty() {
        details.delivery_package = None;
    }
}

/// Returns details of which only what is the same for everybody is filled in.
fn blank() -> Details {
    let template = Details::template();
    let mut details = template.clone();
    for field in JOB.iter().chain(&ADDRESS).chain(&CARRIERS) {
        set(&mut details, field.path, String::new());
    }
    details.diagnostics_path = template.diagnostics_path;
    details
}

/// Judges every journal, and makes the documents when all of them are right and nothing is missing.
#[must_use]
pub fn hand_over(journals: &[(String, Zeroizing<Vec<u8>>)], order: &Order) -> Handed {
    let mut drives: Vec<HandedDrive> = Vec::with_capacity(journals.len());
    let mut papers = Vec::new();
    let mut refused = Vec::new();
    for (name, journal) in journals {
        let paper = match order.whom {
            Whom::Portal => portal(journal).map(|document| papers.push(Paper::of(&document))),
            _ => Ok(()),
        };
        // What the whole judgement says comes before what the portal lacks.
        match handed(journal).and_then(|drive| paper.map(|()| drive)) {
            Ok(drive) => drives.push(drive),
            Err(why) => refused.push((name.clone(), why.to_string())),
        }
    }
    if !refused.is_empty() {
        return Handed::Refused(refused);
    }
    let mut jobs = Vec::new();
    let over = drives.iter().map(over).collect();
    if let Some(service) = order.whom.service() {
        if let Err(error) = order.details.check() {
            return of_details(&error);
        }
        let parcels = match parcels(drives, &order.details) {
            Ok(parcels) => parcels,
            Err(error) => return of_parcels(&error),
        };
        jobs.extend(parcels.iter().map(|parcel| {
            let drives = u64::try_from(parcel.drives.len()).unwrap_or(u64::MAX);
            (parcel.name.clone(), drives)
        }));
        papers = documents(service, &parcels, &order.details)
            .iter()
            .map(Paper::of)
            .collect();
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
            why: crate::planning::sentence(&error.to_string()),
        },
        other => Handed::Refused(vec![(String::new(), other.to_string())]),
    }
}

#[cfg(test)]
mod tests;
