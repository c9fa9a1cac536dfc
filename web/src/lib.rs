//! The page: plans jobs and checks journals in the browser, and drives the agent.
//!
//! ```text
//! pages, parts --Action--> state::reduce --State--> pages, parts          (app joins them; only these import yew)
//!        |                      ^
//!        +--> effects --+--> client --> agent
//!                       +--> desk --> worker: work::Bench --> listed, planning, checking --> shared
//! ```
//!
//! `state`, `listed`, `planning`, `checking` and what they stand on know neither yew nor the browser, and are tested natively.
//! Everything but the drives themselves works with no agent, also from one file opened by double-click.
#![forbid(unsafe_code)]

pub mod app;
pub mod checking;
pub mod client;
pub mod dataset;
pub mod desk;
pub mod details;
pub mod draft;
pub mod effects;
pub mod eligibility;
pub mod event_stream;
pub mod film;
pub mod groups;
pub mod handing;
mod latest;
pub mod ledgering;
pub mod listed;
pub mod local_file;
pub mod milestones;
pub mod new_file;
pub mod pages;
pub mod parts;
pub mod plan_json;
pub mod planning;
pub mod proving;
pub mod receiver;
pub mod receiving;
pub mod route;
pub mod shipping;
#[cfg(feature = "speed")]
pub mod speed;
pub mod state;
pub mod stopped;
pub mod stowed;
pub mod tree;
pub mod web_crypto;
pub mod words;
pub mod work;
pub mod worker;

use wasm_bindgen::prelude::wasm_bindgen;

/// Draws the page; does nothing in a worker, where there is no document.
#[wasm_bindgen(start)]
pub fn start() {
    let has_document = web_sys::window().is_some_and(|window| window.document().is_some());
    if has_document {
        app::draw();
    }
}
