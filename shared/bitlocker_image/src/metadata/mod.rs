//! The information area: three equal copies of 64 KiB that hold everything but the data.
//!
//! ```text
//! +0    information header (64)     state, places of the areas
//! +64   dataset header (48)         volume GUID, method
//! +112  datums                      description, protectors, volume key, virtualization
//!       zeros to a multiple of 16 = S
//! +S    validation (8)              CRC-32 of [0, S)
//! +S+8  datum (80)                  SHA-256 of [0, S), sealed by the volume master key
//!       zeros to 65,536
//! ```
//! `stored` has the structures, `datum` the records of the list, `protector` and `area` make bytes
//! of descriptions.

mod area;
mod datum;
mod protector;
mod stored;

pub(crate) use area::{Area, Entry, Extended};
pub(crate) use datum::{Datum, datum, open_key, text};
pub(crate) use protector::{Lock, Protector};
pub(crate) use stored::{
    AREA, DatasetHeader, ENCRYPTED, ExtendedInfo, HEADERS, InformationHeader, ProtectorBody,
    SIGNATURE, UNIT, VALIDATION, Validation, VirtualizationBody, kind, protection, role,
};
