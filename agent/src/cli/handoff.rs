//! `argosy journal handoff`: what the service wants to know of the drives, from their journals.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use shared::handoff::{
    Details, Document, HandedDrive, NotHanded, Service, documents, handed, once_each, parcels,
    portal,
};
use shared::ledger::{Change, Sent, Way};
use zeroize::Zeroizing;

use super::screen::{Ended, Screen};
use super::shipment::{self, ShipmentArguments};
use super::size::{show_files, show_size};
use crate::jobs::JobError;
use crate::journal_file::write_once;
use crate::shipments::Following;

/// Hands drives over: makes what the service wants of them, from their journals. It holds their keys
#[derive(Args)]
pub(super) struct Arguments {
    /// Journals of finished drives
    #[arg(required_unless_present = "template")]
    files: Vec<PathBuf>,
    /// Who it is for
    #[arg(long = "for", value_enum, required_unless_present = "template")]
    whom: Option<Whom>,
    /// What to say of the shipment: accounts, addresses, carriers; `--template` prints one to be filled in
    #[arg(long, value_name = "JSON")]
    details: Option<PathBuf>,
    /// The folder that gets the files, readable by you alone
    #[arg(long, value_name = "DIR", required_unless_present = "template")]
    to: Option<PathBuf>,
    /// Prints details to be filled in
    #[arg(long)]
    template: bool,
    #[command(flatten)]
    shipment: ShipmentArguments,
    /// Prints one JSON object, without keys
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Whom {
    /// The portal: a file for each drive, to be uploaded
    Portal,
    /// A script for the Azure CLI, `az import-export create`
    AzCli,
    /// The body of a Microsoft.ImportExport job, API version 2021-01-01
    ImportExport,
    /// The body of a Microsoft.DataBox job of customer disks, API version 2022-12-01
    Databox,
}

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    if arguments.template {
        let template = Details::template();
        let text = serde_json::to_string_pretty(&template);
        screen.line(&text.expect("plain data has a JSON form"));
        screen.object(&json!(template));
        return Ok(Ended::WELL);
    }
    let (Some(whom), Some(folder)) = (arguments.whom, &arguments.to) else {
        return Err(JobError::usage(
            "say for whom and into which folder",
            "--for, --to",
        ));
    };
    let following = arguments.shipment.follow()?;
    let details = arguments.details.as_deref().map(details).transpose()?;
    let journals = arguments.files.iter().map(|path| read(path));
    let journals: Vec<Zeroizing<Vec<u8>>> = journals.collect::<Result<_, _>>()?;
    let named = || arguments.files.iter().zip(&journals);
    let judged = named().map(|(path, journal)| handed(journal).map_err(|why| refused(path, &why)));
    let drives: Vec<HandedDrive> = judged.collect::<Result<_, _>>()?;
    once_each(&drives).map_err(|error| JobError::usage(error.to_string(), "FILE"))?;
    let for_portal = |(path, journal): (&PathBuf, &Zeroizing<Vec<u8>>)| {
        portal(journal).map_err(|why| refused(path, &why))
    };
    let files = match whom {
        Whom::Portal => named().map(for_portal).collect::<Result<_, _>>()?,
        Whom::AzCli => of_jobs(details.as_ref(), Service::AzCli, drives.clone())?,
        Whom::ImportExport => of_jobs(details.as_ref(), Service::ImportExport, drives.clone())?,
        Whom::Databox => of_jobs(details.as_ref(), Service::DataBox, drives.clone())?,
    };
    make_folder(folder)?;
    let mut written = Vec::with_capacity(files.len());
    for Document { name, text, .. } in &files {
        let path = folder.join(name);
        write_once(folder, name, text.as_bytes()).map_err(|error| failed(&path, &error))?;
        screen.line(&format!("{}", path.display()));
        written.push(path);
    }
    show(&drives, screen);
    let mut object = json!({
        "files": written,
        "drives": drives.iter().map(facts).collect::<Vec<_>>(),
    });
    if let (Some(following), Some(details)) = (&following, &details) {
        write_down(following, details);
    }
    let amiss = shipment::tell(following.as_ref(), &mut object, screen);
    screen.object(&object);
    Ok(Ended(amiss))
}

/// Writes down where the drives come back to and the parcel, where the details say so and the ledger does not know yet.
fn write_down(following: &Following, details: &Details) {
    let known = following.shipment();
    let address = details.return_address.clone();
    let mut changes = Vec::new();
    if known
        .as_ref()
        .and_then(|known| known.return_address.as_ref())
        != Some(&address)
    {
        changes.push(Change::ReturnAddress { address });
    }
    let sent = details.delivery_package.as_ref().map(|package| Sent {
        way: Way::There,
        carrier: package.carrier_name.clone(),
        tracking: package.tracking_number.clone(),
    });
    let is_new = |sent: &Sent| !known.is_some_and(|known| known.sent.contains(sent));
    changes.extend(sent.filter(is_new).map(Change::Sent));
    following.facts(changes);
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, JobError> {
    std::fs::read(path).map(Zeroizing::new).map_err(|error| {
        JobError::usage(
            format!("cannot read it: {error}"),
            path.display().to_string(),
        )
    })
}

fn refused(path: &Path, why: &NotHanded) -> JobError {
    JobError::refused(
        why.to_string(),
        path.display().to_string(),
        "Nothing was handed over. `argosy journal check` says everything that is wrong with a journal.",
    )
}

fn of_jobs(
    details: Option<&Details>,
    service: Service,
    drives: Vec<HandedDrive>,
) -> Result<Vec<Document>, JobError> {
    let Some(details) = details else {
        return Err(JobError::usage(
            "the service also wants to know accounts, addresses and carriers",
            "write them down once: argosy journal handoff --template > shipment.json, fill it in, and say --details shipment.json",
        ));
    };
    let parcels = parcels(drives, details)
        .map_err(|error| JobError::usage(error.to_string(), "--details"))?;
    Ok(documents(service, &parcels, details))
}

fn details(path: &Path) -> Result<Details, JobError> {
    Details::read(&read(path)?)
        .map_err(|error| JobError::usage(error.to_string(), path.display().to_string()))
}

fn make_folder(folder: &Path) -> Result<(), JobError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| failed(folder, &error))
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> JobError {
    JobError::io(
        error.to_string(),
        path.display().to_string(),
        "Your drives and journals were not touched. Give an empty folder: nothing is written over.",
    )
}

fn facts(drive: &HandedDrive) -> Value {
    json!({
        "serial": drive.serial,
        "serial_source": drive.serial_source,
        "manifest_hash": drive.manifest_hash,
        "verdict": drive.verdict,
        "files": drive.files,
        "bytes": drive.bytes,
    })
}

fn show(drives: &[HandedDrive], screen: &Screen) {
    for drive in drives {
        screen.line(&format!(
            "  {}: {}, {}, {}",
            drive.serial,
            drive.verdict,
            show_files(drive.files),
            show_size(drive.bytes)
        ));
        for caution in drive.cautions() {
            screen.aside(&caution);
        }
    }
    screen.line("These files open the drives: they go to the service, never into the parcel.");
}
