//! What `boot.js` calls in a worker.
#![expect(
    deprecated,
    reason = "wasm-bindgen marks its JSPI as experimental; its version is pinned"
)]

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Does a piece of long work for a page, which a message asks for; may be suspended while the browser does a part of it.
#[wasm_bindgen(jspi)]
pub fn take_work(message: JsValue) {
    crate::desk::serve(message);
}
