//! Pages, one route one file.

mod check;
mod drives;
mod ledger;
mod plan;
mod question;
mod receive;
mod run;

pub use check::CheckPage;
pub use drives::DrivesPage;
pub use ledger::LedgerPage;
pub use plan::PlanPage;
pub use receive::ReceivePage;
pub use run::RunPage;
