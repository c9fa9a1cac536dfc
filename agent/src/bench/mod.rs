//! What a drive, a source and this computer can do, measured apart, and which of them will be the limit.
//!
//! ```text
//! drive (read; written only when somebody confirmed it) -.
//! source (long files, small files) ----------------------+-> Forecast: hours, the limit, one sentence
//! computer (hash, encipher, memory) ---------------------'
//! ```
//!
//! Everything is read past the kernel's cache where that can be left out, so that what is measured is the medium.

mod budget;
mod computer;
mod forecast;
mod source;
mod surface;

pub use budget::Budget;
pub use computer::Computer;
pub use forecast::{Forecast, forecast};
pub use source::{Kind as SourceKind, Source, SourceError};
pub use surface::{Stretch, Surface, read_surface, write_surface};
