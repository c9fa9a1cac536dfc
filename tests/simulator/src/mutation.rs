//! Mistakes that we could make, to see whether the simulator finds them.

/// A mistake in what the agent does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mutation {
    /// None.
    #[default]
    None,
    /// The drive is never flushed.
    NoFlush,
    /// A mark is in the journal before the flush that it tells of.
    RecordBeforeFlush,
    /// The drive is read back from the computer's memory.
    VerifyFromCache,
    /// What changes of a drive's first session is written before the record that says so is durable.
    RedoBeforeRecord,
}
