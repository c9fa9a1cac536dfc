//! The files that are handed over: the same ones from the command line and from the page, byte for byte.

use serde_json::Value;
use zeroize::Zeroizing;

use super::az_cli::az_cli;
use super::data_box::data_box;
use super::details::Details;
use super::drive::NotHanded;
use super::import_export::import_export;
use super::parcel::Parcel;
use crate::journal::{drive_info_file_name, drive_info_xml, replay};

/// What a job is made with. The portal is none of these: it wants a file for each drive, and no details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The Azure CLI, `az import-export create`.
    AzCli,
    /// A Microsoft.ImportExport job, API version 2021-01-01.
    ImportExport,
    /// A Microsoft.DataBox job of customer disks, API version 2022-12-01.
    DataBox,
}

/// A file that is handed over.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// Its name; nothing in it leads out of a folder.
    pub name: String,
    /// Its content, UTF-8.
    pub text: Zeroizing<String>,
    /// Serials of the drives that whoever has this file can open; empty when it holds no key.
    pub opens: Vec<String>,
}

/// Returns a drive's file for the portal, from its journal.
///
/// # Errors
/// [`NotHanded`] when the journal has nothing for a portal; whether it is right is asked of
/// [`handed`](super::handed).
pub fn portal(journal: &[u8]) -> Result<Document, NotHanded> {
    let replay = replay(journal).map_err(|damage| NotHanded::Journal(damage.to_string()))?;
    let serial = replay.session.drive.serial.clone();
    let text = drive_info_xml(&replay);
    let text = text.ok_or_else(|| {
        NotHanded::Journal(format!(
            "drive {serial}: its journal has no record for the portal"
        ))
    })?;
    Ok(Document {
        name: drive_info_file_name(&serial, &serial),
        text: Zeroizing::new(text),
        opens: vec![serial],
    })
}

/// Returns the files of every job, in the order of the jobs.
///
/// # Panics
/// Never: a JSON value has a text.
#[must_use]
pub fn documents(service: Service, parcels: &[Parcel], details: &Details) -> Vec<Document> {
    let files = parcels
        .iter()
        .flat_map(|parcel| of_job(service, parcel, details));
    files.collect()
}

fn of_job(service: Service, parcel: &Parcel, details: &Details) -> Vec<Document> {
    match service {
        Service::ImportExport => body("import-export", parcel, &import_export(parcel, details)),
        Service::DataBox => body("databox", parcel, &data_box(parcel, details)),
        Service::AzCli => {
            let made = az_cli(parcel, details);
            let keys = parcel.drives.iter().zip(made.keys);
            let keys = keys.map(|(drive, (name, text))| Document {
                name,
                text,
                opens: vec![drive.serial.clone()],
            });
            let script = Document {
                name: format!("{}.sh", parcel.name),
                text: Zeroizing::new(made.script),
                opens: Vec::new(),
            };
            keys.chain([script]).collect()
        }
    }
}

fn body(service: &str, parcel: &Parcel, value: &Value) -> Vec<Document> {
    // OK to expect: a JSON value has a text.
    let text = serde_json::to_string_pretty(value).expect("a JSON value has a text");
    vec![Document {
        name: format!("{}.{service}.json", parcel.name),
        text: Zeroizing::new(text),
        opens: parcel
            .drives
            .iter()
            .map(|drive| drive.serial.clone())
            .collect(),
    }]
}
