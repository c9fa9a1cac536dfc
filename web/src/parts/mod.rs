//! Pieces that pages are made of. They make no requests: what they want done they tell their page, or the effects.

mod drive_card;
mod drive_check;
mod drive_run;
mod drop_zone;
mod erase_dialog;
mod folder_dialog;
mod frame;
mod gauge;
mod icon;
mod message;
mod modal;
mod page_head;
mod password;
mod plan_table;
mod problems;
mod proven;
mod serial;
mod stowage;

pub use drive_card::{DriveCard, name_of};
pub use drive_check::DriveCheckPanel;
pub use drive_run::DriveRun;
pub use drop_zone::DropZone;
pub use erase_dialog::EraseDialog;
pub use folder_dialog::FolderDialog;
pub use frame::{Foot, Head, Milestones};
pub use gauge::{Gauge, Trace};
pub use icon::{Icon, Mark};
pub use message::{Message, Trouble};
pub use modal::Modal;
pub use page_head::PageHead;
pub use password::Password;
pub use plan_table::PlanTable;
pub use problems::ProblemList;
pub use proven::Proven;
pub use serial::Serial;
pub use stowage::Stowage;
