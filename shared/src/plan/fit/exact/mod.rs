//! Whether files go onto so many equal drives: a packing, a proof that there is none, or neither
//! within a number of steps.
//!
//! ```text
//! complete   one drive after another, the largest file that is left first, the fullest fill first (Korf's bin completion)
//! repair     takes a few full drives and all that found no place, and completes those anew
//! relax      fills in fractions: either weights that prove that so many drives cannot do, or a mixture of fills
//! dive       takes the fills of such a mixture one after the other, and relaxes what is left
//! ```
//! Budgets are counted in steps, never in time, and every comparison that decides is one of
//! integers (or of floating point without fused operations), so that an agent and a browser come to
//! the same answer.

mod complete;
mod decide;
mod dive;
mod price;
mod random;
mod relax;
mod repair;
mod simplex;
mod sizes;

pub(super) use decide::{Decision, FILES_MAX, decide};
