//! The ledger of shipments on the wire: entries travel, and both ends fold them with the same code.

use serde::{Deserialize, Serialize};

use crate::ledger::{Change, Exchange};

/// `GET /api/ledger`, and what every change of it answers: all shipments, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerReply {
    /// The shipments, in the form that another site gets too.
    pub ledger: Exchange,
}

/// `POST /api/ledger`: facts about one shipment, written down all or none. The agent says when and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerRequest {
    /// The shipment; a new one when the first fact opens it.
    pub name: String,
    /// Its entries as far as the sender has seen them; 0 of a new one. When there are others by now, nothing is written
    /// down: a request that comes twice counts once.
    pub known: usize,
    /// The facts.
    pub changes: Vec<Change>,
}

/// `POST /api/ledger/import`: another site's file, taken over whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerImport {
    /// What is in the file.
    pub file: String,
}
