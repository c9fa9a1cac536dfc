//! `argosy jobs`: the ledger of shipments, moved on by hand or by the commands that copy.

mod show;
mod write;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use shared::ledger::{Direction, DriveStep, Exchange, Service, ShipmentState};

use super::screen::{Ended, Screen};
use super::side_door;
use crate::jobs::JobError;
use crate::shipments::{Shipments, ShipmentsError};

/// Keeps the ledger: every import and export with its drives, parcels and states
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// The state folder, when it is not your own
    #[arg(long, value_name = "DIR", global = true)]
    state_dir: Option<PathBuf>,
    /// Prints one JSON object
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// Opens a shipment
    New(New),
    /// Shows everything that is known of a shipment
    Show {
        /// The shipment
        name: String,
    },
    /// Moves a shipment on, or drives of it
    Move(Move),
    #[command(flatten)]
    Fact(Fact),
    /// Writes shipments into a file for another site
    Export {
        /// The shipments; all when none is named
        names: Vec<String>,
        /// The file, which must not be there
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Takes shipments over from another site's file
    Import {
        /// The file
        file: PathBuf,
    },
}

/// A fact about a shipment.
#[derive(Subcommand)]
enum Fact {
    /// Adds drives to a shipment: by their journals, or by serial where there is no journal
    Add {
        /// The shipment
        name: String,
        #[command(flatten)]
        drives: Drives,
    },
    /// Writes a parcel down
    Sent {
        /// The shipment
        name: String,
        /// FedEx, UPS, DHL
        #[arg(long)]
        carrier: String,
        /// The carrier's number of the parcel
        #[arg(long)]
        tracking: String,
        /// It is the one that brings the drives back
        #[arg(long)]
        back: bool,
    },
    /// Takes the return address out of the file that `journal handoff --template` makes
    Address {
        /// The shipment
        name: String,
        /// The filled-in file
        details: PathBuf,
    },
    /// Writes anything else down
    Note {
        /// The shipment
        name: String,
        /// One line
        text: String,
    },
}

/// A shipment to be opened.
#[derive(Args)]
struct New {
    /// What you and the service call it
    name: String,
    /// Where the data goes
    #[arg(long, value_enum)]
    direction: Way,
    /// Who has the storage
    #[arg(long, value_enum, default_value = "import-export")]
    service: Whose,
    #[command(flatten)]
    drives: Drives,
}

/// Drives that become part of a shipment.
#[derive(Args)]
struct Drives {
    /// Journals of finished drives
    #[arg(long, value_name = "FILE", num_args = 1..)]
    journal: Vec<PathBuf>,
    /// Serials of drives that have no journal here
    #[arg(long, value_name = "SERIAL", num_args = 1..)]
    serial: Vec<String>,
}

/// A step.
#[derive(Args)]
struct Move {
    /// The shipment
    name: String,
    /// The state it comes to, or with --serial the drives
    state: String,
    /// The drives that it is about
    #[arg(long, value_name = "SERIAL", num_args = 1..)]
    serial: Vec<String>,
}

/// Where the data goes.
#[derive(Clone, Copy, ValueEnum)]
enum Way {
    /// From drives to storage
    Import,
    /// From storage to drives
    Export,
}

/// Who has the storage.
#[derive(Clone, Copy, ValueEnum)]
enum Whose {
    /// Azure, Microsoft.ImportExport
    ImportExport,
    /// Azure, Microsoft.DataBox with your own disks
    Databox,
    /// A site of your own, or a partner's
    Own,
}

impl From<Way> for Direction {
    fn from(way: Way) -> Self {
        match way {
            Way::Import => Self::Import,
            Way::Export => Self::Export,
        }
    }
}

impl From<Whose> for Service {
    fn from(whose: Whose) -> Self {
        match whose {
            Whose::ImportExport => Self::ImportExport,
            Whose::Databox => Self::Databox,
            Whose::Own => Self::Own,
        }
    }
}

pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<Ended, JobError> {
    let state_dir = side_door::state_dir(arguments.state_dir.as_ref())?;
    let ledger = Shipments::open(&state_dir).map_err(|error| error.in_words(&state_dir))?;
    let failed = |error: ShipmentsError| error.in_words(ledger.path());
    let shipment = match &arguments.verb {
        None => {
            let all = ledger.all().map_err(failed)?;
            screen.object(&json!({ "shipments": all }));
            show::all(&all, screen);
            return Ok(Ended::WELL);
        }
        Some(Verb::Export { names, to }) => return export(&ledger, names, to, screen),
        Some(Verb::Import { file }) => return import(&ledger, file, screen),
        Some(Verb::New(new)) => {
            let facts = write::opening(new)?;
            ledger.begin(&new.name, facts).map_err(failed)?
        }
        Some(Verb::Show { name }) => ledger.get(name).map_err(failed)?,
        Some(Verb::Move(step)) => {
            let before = ledger.get(&step.name).map_err(failed)?;
            let facts = write::steps(step, &before)?;
            ledger.add(&step.name, facts).map_err(failed)?
        }
        Some(Verb::Fact(fact)) => {
            let before = ledger.get(fact.name()).map_err(failed)?;
            let facts = write::facts(fact, &before)?;
            ledger.add(fact.name(), facts).map_err(failed)?
        }
    };
    screen.object(&json!({ "shipment": shipment }));
    show::one(&shipment, screen);
    Ok(Ended::WELL)
}

fn export(
    ledger: &Shipments,
    names: &[String],
    to: &std::path::Path,
    screen: &Screen,
) -> Result<Ended, JobError> {
    let failed = |error: ShipmentsError| error.in_words(ledger.path());
    let shipments = if names.is_empty() {
        ledger.all().map_err(failed)?
    } else {
        let named = names.iter().map(|name| ledger.get(name));
        named.collect::<Result<_, _>>().map_err(failed)?
    };
    write::new_file(to, Exchange::of(&shipments).text().as_bytes())?;
    screen.object(&json!({ "file": to, "shipments": shipments }));
    screen.line(&format!(
        "{}: {}. There are no keys in it.",
        to.display(),
        show::shipments(shipments.len())
    ));
    Ok(Ended::WELL)
}

fn import(ledger: &Shipments, file: &std::path::Path, screen: &Screen) -> Result<Ended, JobError> {
    let told = write::exchange(file)?;
    let taken = ledger
        .take(&told)
        .map_err(|error| error.in_words(ledger.path()))?;
    for (shipment, taken) in told.iter().zip(&taken) {
        screen.line(&show::taken(&shipment.name, *taken));
    }
    screen.object(&json!({ "shipments": told }));
    Ok(Ended::WELL)
}

/// Reads a state's word, or says which there are.
fn word<T: std::str::FromStr<Err = String>>(text: &str) -> Result<T, JobError> {
    text.parse()
        .map_err(|error: String| JobError::usage(error, "STATE"))
}

/// What a step moves: the shipment, or drives of it.
enum Target {
    Shipment(ShipmentState),
    Drives(DriveStep),
}

impl Fact {
    fn name(&self) -> &str {
        match self {
            Self::Add { name, .. }
            | Self::Sent { name, .. }
            | Self::Address { name, .. }
            | Self::Note { name, .. } => name,
        }
    }
}

impl Move {
    fn target(&self) -> Result<Target, JobError> {
        if self.serial.is_empty() {
            word(&self.state).map(Target::Shipment)
        } else {
            word(&self.state).map(Target::Drives)
        }
    }
}
