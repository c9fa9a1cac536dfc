//! Shipments, for a person.

use shared::ledger::{LedgerDrive, Shipment};

use crate::cli::screen::Screen;
use crate::cli::size::show_size;
use crate::shipments::Taken;

/// A line a shipment.
pub(super) fn all(shipments: &[Shipment], screen: &Screen) {
    if shipments.is_empty() {
        screen.line("No shipment yet. `argosy jobs new NAME --direction import --journal FILE...` opens one.");
    }
    for shipment in shipments {
        screen.line(&headline(shipment));
    }
}

/// Everything about one.
pub(super) fn one(shipment: &Shipment, screen: &Screen) {
    screen.line(&headline(shipment));
    for drive in &shipment.drives {
        screen.line(&format!("  {}", drive_line(drive)));
    }
    for sent in &shipment.sent {
        screen.line(&format!(
            "  parcel {}: {} {}",
            sent.way.word(),
            sent.carrier,
            sent.tracking
        ));
    }
    if let Some(address) = &shipment.return_address {
        screen.line(&format!(
            "  back to {}, {}, {} {}, {}",
            address.recipient_name,
            address.street_address1,
            address.postal_code,
            address.city,
            address.country_or_region
        ));
    }
    for entry in &shipment.entries {
        screen.line(&format!(
            "  {} {}: {}",
            entry.at,
            entry.by,
            entry.change.told()
        ));
    }
    let next: Vec<_> = shipment
        .state
        .next()
        .iter()
        .map(|state| state.word())
        .collect();
    if !next.is_empty() {
        screen.line(&format!("  next: {}", next.join(" or ")));
    }
}

/// What became of a shipment that another site told of.
pub(super) fn taken(name: &str, taken: Taken) -> String {
    match taken {
        Taken::New => format!("{name}: new here"),
        Taken::Newer(1) => format!("{name}: 1 entry was new"),
        Taken::Newer(count) => format!("{name}: {count} entries were new"),
        Taken::Known => format!("{name}: all of it was known"),
    }
}

/// A count, with its noun.
pub(super) fn shipments(count: usize) -> String {
    match count {
        1 => "1 shipment".to_owned(),
        count => format!("{count} shipments"),
    }
}

fn headline(shipment: &Shipment) -> String {
    let drives = match shipment.drives.len() {
        1 => "1 drive".to_owned(),
        count => format!("{count} drives"),
    };
    format!(
        "{}: {}, {} of {drives} ({})",
        shipment.name,
        shipment.state,
        shipment.direction.word(),
        shipment.service.name()
    )
}

fn drive_line(drive: &LedgerDrive) -> String {
    let facts = drive.facts.as_ref().map_or_else(String::new, |facts| {
        format!(
            ", {}, {} files, {}",
            facts.verdict,
            facts.files,
            show_size(facts.bytes)
        )
    });
    format!("drive {}: {}{facts}", drive.serial, drive.state)
}
