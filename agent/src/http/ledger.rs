//! The ledger of shipments, for the page. It is opened for a moment a request: commands write into it too.

use std::path::Path;

use shared::api::{ApiError, LedgerImport, LedgerReply, LedgerRequest, code};
use shared::ledger::{Change, Exchange, read_exchange};

use crate::shipments::{Shipments, ShipmentsError, entries};

/// Returns all shipments.
///
/// # Errors
/// [`ApiError`] when the ledger cannot be used.
pub(super) fn show(state_dir: &Path) -> Result<LedgerReply, ApiError> {
    all(&open(state_dir)?)
}

/// Writes facts about one shipment down, all or none, and returns all shipments.
///
/// # Errors
/// [`ApiError`]: nothing was written down.
pub(super) fn write(state_dir: &Path, request: LedgerRequest) -> Result<LedgerReply, ApiError> {
    let ledger = open(state_dir)?;
    let failed = |error: ShipmentsError| said(&error, ledger.path());
    let LedgerRequest {
        name,
        known,
        changes,
    } = request;
    if matches!(changes.first(), Some(Change::Opened { .. })) {
        let begun = ledger.begin(&name, entries(changes));
        begun.map_err(failed)?;
        return all(&ledger);
    }
    // Nobody else has the ledger between the two.
    let found = ledger.get(&name).map_err(failed)?.entries.len();
    if found != known {
        return Err(stale(&name, found, known));
    }
    let added = ledger.add(&name, entries(changes));
    added.map_err(failed)?;
    all(&ledger)
}

/// Takes another site's file over, whole or not at all, and returns all shipments.
///
/// # Errors
/// [`ApiError`]: nothing was taken.
pub(super) fn import(state_dir: &Path, request: &LedgerImport) -> Result<LedgerReply, ApiError> {
    let told = read_exchange(request.file.as_bytes()).map_err(|error| {
        ApiError::new(code::BAD_REQUEST, error.to_string()).safe("Nothing was taken over.")
    })?;
    let ledger = open(state_dir)?;
    let taken = ledger.take(&told);
    taken.map_err(|error| said(&error, ledger.path()))?;
    all(&ledger)
}

fn open(state_dir: &Path) -> Result<Shipments, ApiError> {
    Shipments::open(state_dir).map_err(|error| said(&error, state_dir))
}

fn all(ledger: &Shipments) -> Result<LedgerReply, ApiError> {
    let shipments = ledger.all();
    let shipments = shipments.map_err(|error| said(&error, ledger.path()))?;
    Ok(LedgerReply {
        ledger: Exchange::of(&shipments),
    })
}

fn stale(name: &str, found: usize, known: usize) -> ApiError {
    let message = format!("Shipment {name} has {found} entries by now; the page knew {known}.");
    ApiError::new(code::WRONG_STATE, message)
        .safe("Nothing was written down.")
        .next("Look at what is new, and write it down again if it is not there yet.")
}

fn said(error: &ShipmentsError, place: &Path) -> ApiError {
    let mut said = *error.in_words(place).error;
    // What the facts themselves refuse is no malformed request.
    match error {
        ShipmentsError::Unknown(_) => code::NOT_FOUND.clone_into(&mut said.code),
        ShipmentsError::Refused { .. } | ShipmentsError::Exists(_) => {
            code::REFUSED.clone_into(&mut said.code);
        }
        _ => {}
    }
    said
}
