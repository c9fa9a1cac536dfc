//! The side door: how one shell asks what another shell's Argosy is doing.
//!
//! Every `serve` and every `prepare` opens a socket in one folder of the person's own. `status`, `status --cancel` and
//! `link` ask there; nothing else does, and nobody else can.
//!
//! ```text
//! STATE/run/            0700, ours
//!   4711.sock           0600, one a process: a line of JSON (Ask) -> a line of JSON (Answer)
//! ```
//!
//! Who asks is looked up with the kernel (`SO_PEERCRED`), and so is who answers. A page cannot come here: a browser
//! does not speak to such sockets.

mod client;
mod error;
mod folder;
mod server;
mod words;

pub use client::{Connection, processes};
pub use error::ControlError;
pub use folder::{default_state_dir, private_folder, run_folder};
pub use server::{ControlSocket, Page};
pub use words::{Address, Answer, Ask, Status};
