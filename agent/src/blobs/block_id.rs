//! Ids of blocks.

/// The id of a block that was staged and waits for its blob to be committed: its number as a little-endian `u32`, as it
/// stands, in base64, in the manifests that we write and in the service's own samples (azure-import-export.md, 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(u32);

impl BlockId {
    /// Returns the id of block `number`, from 0; `None` beyond what a blob can have.
    #[must_use]
    pub fn of(number: u64) -> Option<Self> {
        u32::try_from(number).ok().map(Self)
    }

    /// Returns the id's bytes, which the wire has in base64.
    #[must_use]
    pub const fn bytes(self) -> [u8; 4] {
        self.0.to_le_bytes()
    }

    /// Returns the id that has these bytes; `None` when it is none of ours.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        <[u8; 4]>::try_from(bytes)
            .ok()
            .map(|bytes| Self(u32::from_le_bytes(bytes)))
    }

    /// Returns the block's number.
    #[must_use]
    pub fn number(self) -> u64 {
        u64::from(self.0)
    }
}
