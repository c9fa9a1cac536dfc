//! What is left of a planned volume when some files could not be written.

use super::bits::Bits;
use super::indexes::Trees;
use crate::Node;

/// Differences from the plan; the default has none.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    /// Nodes that are left out.
    pub(super) gone: Bits,
    /// Folders with an entry that is left out or resized.
    pub(super) touched: Bits,
    /// The file that got shorter, and its bytes.
    pub(super) resized: Option<(Node, u64)>,
    /// The large folders' trees; the plan's when nothing is left out.
    pub(super) trees: Option<Trees>,
    /// Slots that became free.
    pub(super) freed: u64,
}
