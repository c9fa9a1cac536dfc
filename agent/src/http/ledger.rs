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
    let opens = matches!(request.changes.first(), Some(Change::Opened { .. }));
    let facts = entries(request.changes);
    let written = if opens {
        ledger.begin(&request.name, facts)
    } else {
        ledger.add(&request.name, facts)
    };
    written.map_err(|error| said(&error, ledger.path()))?;
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
