//! AES by the browser, which has the processor's instructions for it: several times as fast as WebAssembly can.
//!
//! The browser answers later, and the code that wants the bytes waits: where WebAssembly can be suspended (JSPI), in a
//! worker. Where it cannot, nothing here is used and everything is decrypted in WebAssembly.

use std::cell::RefCell;

use bitlocker_image::{CbcAnswer, CbcDecryptor};
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CryptoKey, SubtleCrypto, WorkerGlobalScope};

/// The browser's AES-CBC. To be used in a worker, below [`take_work`](crate::worker::take_work) alone.
#[derive(Clone, Copy, Debug)]
pub struct WebCrypto;

thread_local! {
    /// The key that was used last, and its bytes.
    static KEY: RefCell<Option<(Vec<u8>, CryptoKey)>> = const { RefCell::new(None) };
}

impl WebCrypto {
    /// Returns whether this browser can: `boot.js` has looked.
    #[must_use]
    pub fn is_there() -> bool {
        let global = js_sys::global();
        Reflect::get(&global, &"argosySuspends".into()).is_ok_and(|found| found == JsValue::TRUE)
    }
}

impl CbcDecryptor for WebCrypto {
    fn decrypt(
        &self,
        key: &[u8],
        pieces: &mut dyn Iterator<Item = &[u8]>,
    ) -> Option<Vec<Box<dyn CbcAnswer>>> {
        decrypt(key, pieces).ok()
    }
}

/// What the browser answers, in its memory.
struct Answer(Uint8Array);

impl CbcAnswer for Answer {
    fn copy(&self, from: usize, into: &mut [u8]) {
        let place = |bytes| u32::try_from(bytes).unwrap_or(u32::MAX);
        let end = place(from.saturating_add(into.len()));
        self.0.subarray(place(from), end).copy_to(into);
    }
}

fn decrypt(
    bytes: &[u8],
    pieces: &mut dyn Iterator<Item = &[u8]>,
) -> Result<Vec<Box<dyn CbcAnswer>>, JsValue> {
    let scope: WorkerGlobalScope = js_sys::global().dyn_into()?;
    let subtle = scope.crypto()?.subtle();
    let key = imported(&subtle, bytes)?;
    let how = algorithm()?;
    Reflect::set(&how, &"iv".into(), &Uint8Array::new_with_length(16))?;
    // The browser takes a copy at once and decrypts it, beside others, while the next piece is prepared here.
    let asked = pieces.map(|piece| {
        let asked = subtle.decrypt_with_object_and_u8_array(&how, &key, piece)?;
        Ok((piece.len(), asked))
    });
    let (lengths, asked): (Vec<_>, Vec<_>) = asked
        .collect::<Result<Vec<_>, JsValue>>()?
        .into_iter()
        .unzip();
    let asked: Array = asked.into_iter().collect();
    let answers: Array = wait(&Promise::all(&asked))?.dyn_into()?;
    let answers = answers.iter().zip(lengths).map(|(answer, length)| {
        let answer = Uint8Array::new(&answer);
        let padded = usize::try_from(answer.length()).map(|bytes| bytes.saturating_add(16));
        if padded != Ok(length) {
            return Err(JsValue::from_str("another length"));
        }
        let answer: Box<dyn CbcAnswer> = Box::new(Answer(answer));
        Ok(answer)
    });
    answers.collect()
}

/// Returns the browser's handle of a key.
fn imported(subtle: &SubtleCrypto, bytes: &[u8]) -> Result<CryptoKey, JsValue> {
    let known = KEY.with_borrow(|known| {
        let known = known.as_ref().filter(|(of, _)| of == bytes);
        known.map(|(_, key)| key.clone())
    });
    if let Some(key) = known {
        return Ok(key);
    }
    let uses = Array::of1(&"decrypt".into());
    let raw = Uint8Array::from(bytes);
    let asked = subtle.import_key_with_object("raw", &raw, &algorithm()?, false, &uses)?;
    let key: CryptoKey = wait(&asked)?.dyn_into()?;
    KEY.set(Some((bytes.to_vec(), key.clone())));
    Ok(key)
}

/// Waits for the browser, with the whole stack suspended.
#[expect(
    deprecated,
    reason = "wasm-bindgen marks its JSPI as experimental; its version is pinned"
)]
fn wait(promise: &Promise) -> Result<JsValue, JsValue> {
    js_sys::futures::jspi_block_on_promise(promise)
}

fn algorithm() -> Result<Object, JsValue> {
    let how = Object::new();
    Reflect::set(&how, &"name".into(), &"AES-CBC".into())?;
    Ok(how)
}
