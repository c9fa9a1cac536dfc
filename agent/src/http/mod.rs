//! The loopback server: the page inside, and everything below `/api`.
//!
//! ```text
//! connection -> peer (whose is it) -> limits -> shape (HTTP/1.1, one host)
//!    -> guard (Host, Origin, Sec-Fetch-Site, session) -> routes -> handlers -> jobs, device, scan
//!              |                                                      |   '-> questions (before every erasing)
//!              +---------------------- reply <------------------------+      assets -> page
//! ```
//!
//! Routes only compose, a handler calls one method, and `reply` alone knows status codes and headers. The server
//! listens on 127.0.0.1 and `[::1]` only; there is no option for any other address.
//!
//! Deliberately absent: CORS headers, cookies that authorise on their own, a drive named by the page that the agent has
//! not listed itself, a path from the page that is opened for writing: but for the folder that drives come home to, where
//! files are made and none is replaced.

mod agent;
mod assets;
mod body;
mod drives;
mod events;
mod folders;
mod guard;
mod handlers;
mod host;
mod last_report;
mod ledger;
#[cfg(test)]
mod ledger_tests;
mod lockout;
mod peer;
mod presence;
mod questions;
mod receiving;
#[cfg(test)]
mod receiving_tests;
mod reply;
#[cfg(test)]
mod resume_tests;
mod routes;
mod scanning;
mod server;
mod session;
mod shape;
mod storage;
#[cfg(test)]
mod tests;
mod token;

pub use agent::Agent;
pub use peer::Users;
pub use presence::Presence;
pub use routes::routes;
pub use server::{Listener, listen, run};
pub use session::{LAUNCH_LIFE, Sessions};
pub use token::Token;
