//! The states of a shipment and of a drive in it, and which may follow which.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a shipment stands, in the words of Microsoft.ImportExport's job states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShipmentState {
    /// Being put together; nothing is on its way.
    Creating,
    /// The drives are on their way to where the storage is.
    Shipping,
    /// They arrived.
    Received,
    /// At least one of them is being copied.
    Transferring,
    /// All are done with and are being packed.
    Packaging,
    /// Over, without errors.
    Completed,
    /// Over, with errors.
    Closed,
    /// Somebody is being asked what to do.
    Faulted,
    /// Given up before anything was copied; the drives come back.
    Canceled,
}

/// Where a drive stands, in the words of Microsoft.ImportExport's drive states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriveStep {
    /// It is part of the shipment: how an import begins.
    Specified,
    /// It is where the storage is: how an export begins.
    Received,
    /// It was not in the parcel.
    NeverReceived,
    /// It is being copied.
    Transferring,
    /// Copied, without errors.
    Completed,
    /// Copied, and the logs say more.
    CompletedMoreInfo,
    /// On its way back.
    ShippedBack,
}

impl ShipmentState {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::Creating,
        Self::Shipping,
        Self::Received,
        Self::Transferring,
        Self::Packaging,
        Self::Completed,
        Self::Closed,
        Self::Faulted,
        Self::Canceled,
    ];

    /// Returns what may follow; empty at an end.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            // The public pages contradict each other on whether a job can be cancelled once it is shipping; the
            // FAQ says yes, and nothing is copied yet.
            Self::Creating => &[Self::Shipping, Self::Canceled],
            Self::Shipping => &[Self::Received, Self::Canceled],
            Self::Received => &[Self::Transferring, Self::Faulted],
            Self::Transferring => &[Self::Packaging, Self::Faulted],
            Self::Packaging => &[Self::Completed, Self::Closed, Self::Faulted],
            Self::Faulted => &[
                Self::Received,
                Self::Transferring,
                Self::Packaging,
                Self::Closed,
            ],
            Self::Completed | Self::Closed | Self::Canceled => &[],
        }
    }

    /// Returns the word, as it stands in files and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Shipping => "shipping",
            Self::Received => "received",
            Self::Transferring => "transferring",
            Self::Packaging => "packaging",
            Self::Completed => "completed",
            Self::Closed => "closed",
            Self::Faulted => "faulted",
            Self::Canceled => "canceled",
        }
    }
}

impl DriveStep {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::Specified,
        Self::Received,
        Self::NeverReceived,
        Self::Transferring,
        Self::Completed,
        Self::CompletedMoreInfo,
        Self::ShippedBack,
    ];

    /// Returns what may follow; empty at an end.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Specified => &[Self::Received, Self::NeverReceived],
            // One that is not copied (the shipment was canceled, the drive not taken) comes back too.
            Self::Received => &[Self::Transferring, Self::ShippedBack],
            Self::Transferring => &[Self::Completed, Self::CompletedMoreInfo],
            Self::Completed | Self::CompletedMoreInfo => &[Self::ShippedBack],
            Self::NeverReceived | Self::ShippedBack => &[],
        }
    }

    /// Returns whether nothing more is copied to or from the drive.
    #[must_use]
    pub const fn is_done(self) -> bool {
        !matches!(self, Self::Specified | Self::Received | Self::Transferring)
    }

    /// Returns the word, as it stands in files and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Specified => "specified",
            Self::Received => "received",
            Self::NeverReceived => "never-received",
            Self::Transferring => "transferring",
            Self::Completed => "completed",
            Self::CompletedMoreInfo => "completed-more-info",
            Self::ShippedBack => "shipped-back",
        }
    }
}

impl fmt::Display for ShipmentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for DriveStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for ShipmentState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.to_ascii_lowercase();
        let found = Self::ALL.into_iter().find(|state| state.word() == wanted);
        found.ok_or_else(|| unknown(text, Self::ALL.map(Self::word)))
    }
}

impl FromStr for DriveStep {
    type Err = String;

    /// Reads the service's own spelling too: `CompletedMoreInfo`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.to_ascii_lowercase();
        let is_it = |step: &Self| step.word() == wanted || step.word().replace('-', "") == wanted;
        let found = Self::ALL.into_iter().find(is_it);
        found.ok_or_else(|| unknown(text, Self::ALL.map(Self::word)))
    }
}

fn unknown<const N: usize>(text: &str, words: [&str; N]) -> String {
    format!("{text:?} is none of {}", words.join(", "))
}
