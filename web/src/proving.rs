//! What journals prove of their drives, for the ledger. Their keys stay here.

use shared::api::{ApiError, code};
use shared::handoff::proven;
use shared::ledger::{Change, Direction, LedgerFacts};

use crate::checking::{self, Dropped};

/// Returns a drive for each journal, when all of them prove one and were filled for this direction.
///
/// # Errors
/// [`ApiError`], naming the first file that does not.
pub fn prove(files: &[Dropped], direction: Direction) -> Result<Vec<Change>, ApiError> {
    let journals = checking::journals(files);
    if journals.len() != files.len() || files.is_empty() {
        return Err(refused("A file is no journal."));
    }
    let drives = journals.iter().map(|(name, journal)| {
        let drive = proven(journal)
            .map_err(|error| refused(&crate::words::sentence(&error.to_string())).at(name))?;
        let own = Direction::of(&drive);
        if own != direction {
            let (own, wanted, serial) = (own.word(), direction.word(), &drive.serial);
            let what =
                format!("Drive {serial} was filled for an {own}; this shipment is an {wanted}.");
            return Err(refused(&what).at(name));
        }
        Ok(Change::Added {
            facts: Some(LedgerFacts::from(&drive)),
            serial: drive.serial,
        })
    });
    drives.collect()
}

fn refused(what: &str) -> ApiError {
    ApiError::new(code::REFUSED, what)
        .safe("Nothing was written down.")
        .next("The Check page says everything that is wrong with a journal.")
}
