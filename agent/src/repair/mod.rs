//! Mends what a copy log says went wrong.

mod originals;

pub use originals::{Located, Originals};
