//! A file that a page writes piece by piece: in its place where the browser can (the File System Access API), else put
//! together and downloaded, which is for files of moderate length.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use shared::api::{ApiError, code};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use crate::local_file::{said, save_blob};
use crate::words;

/// The longest file that is put together before it is downloaded. Browsers keep such pieces in memory or on their own
/// disk; more than this many fail without a word in some.
pub const MEMORY_BYTES_MAX: u64 = 1_000_000_000;

/// A file that is being written.
pub enum NewFile {
    /// Where the person said: the browser's handle of the file, and its stream.
    InPlace {
        /// The handle.
        handle: JsValue,
        /// The stream.
        stream: JsValue,
    },
    /// Its pieces so far, and its name.
    Pieces(String, Array),
}

/// Returns why a file of this length cannot be saved in this browser; `None` when it can.
#[must_use]
pub fn too_long(bytes: u64) -> Option<String> {
    let is_short = bytes <= MEMORY_BYTES_MAX || picker().is_some();
    (!is_short).then(|| {
        format!(
            "This browser lets no page write a file piece by piece, so {} is the longest that can be saved here. Open \
             this page in Chrome or Edge, or use argosy unpack.",
            words::size(MEMORY_BYTES_MAX)
        )
    })
}

fn picker() -> Option<Function> {
    let window = gloo::utils::window();
    let found = Reflect::get(&window, &"showSaveFilePicker".into()).ok()?;
    found.dyn_into().ok()
}

impl NewFile {
    /// Asks the person for a place, where the browser can; `None` when they have changed their mind.
    ///
    /// # Errors
    /// When the browser refuses, or the file is too long for it.
    pub async fn create(name: &str, bytes: u64) -> Result<Option<Self>, ApiError> {
        let Some(picker) = picker() else {
            return match too_long(bytes) {
                Some(why) => {
                    Err(ApiError::new(code::BAD_REQUEST, why).safe("Nothing was written."))
                }
                None => Ok(Some(Self::Pieces(name.to_owned(), Array::new()))),
            };
        };
        match in_place(&picker, name).await {
            Ok(file) => Ok(Some(file)),
            Err(error) if is_abort(&error) => Ok(None),
            Err(error) => Err(refused(&said(&error))),
        }
    }

    /// Writes the next piece.
    ///
    /// # Errors
    /// The browser's word.
    pub async fn write(&mut self, piece: Uint8Array) -> Result<(), String> {
        match self {
            Self::InPlace { stream, .. } => call(stream, "write", &piece).await,
            Self::Pieces(_, pieces) => {
                // A Blob: the browser may keep it elsewhere than in memory.
                let blob = Blob::new_with_u8_array_sequence(&Array::of1(&piece));
                let blob = blob.map_err(|error| said(&error))?;
                pieces.push(&blob);
                Ok(())
            }
        }
    }

    /// Closes the file: only now it is there.
    ///
    /// # Errors
    /// The browser's word.
    pub async fn finish(self) -> Result<(), String> {
        match self {
            Self::InPlace { stream, .. } => call(&stream, "close", &JsValue::UNDEFINED).await,
            Self::Pieces(name, pieces) => {
                let blob = Blob::new_with_blob_sequence(&pieces).map_err(|error| said(&error))?;
                save_blob(&name, &blob)
            }
        }
    }

    /// Drops what was written: no file is left that is not whole, nor the empty one that the browser made in its place.
    pub async fn give_up(self) {
        if let Self::InPlace { handle, stream } = self {
            // A stream that failed is given up already; a browser that cannot remove leaves the file empty.
            let _ = call(&stream, "abort", &JsValue::UNDEFINED).await;
            let _ = call(&handle, "remove", &JsValue::UNDEFINED).await;
        }
    }
}

async fn in_place(picker: &Function, name: &str) -> Result<NewFile, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"suggestedName".into(), &name.into())?;
    let window = gloo::utils::window();
    let handle = picker.call1(&window, &options)?.dyn_into::<Promise>()?;
    let handle = JsFuture::from(handle).await?;
    let create: Function = Reflect::get(&handle, &"createWritable".into())?.dyn_into()?;
    let stream = JsFuture::from(create.call0(&handle)?.dyn_into::<Promise>()?).await?;
    Ok(NewFile::InPlace { handle, stream })
}

async fn call(stream: &JsValue, what: &str, with: &JsValue) -> Result<(), String> {
    let done = async {
        let method: Function = Reflect::get(stream, &what.into())?.dyn_into()?;
        JsFuture::from(method.call1(stream, with)?.dyn_into::<Promise>()?).await
    };
    done.await.map(drop).map_err(|error| said(&error))
}

fn is_abort(error: &JsValue) -> bool {
    let name = Reflect::get(error, &"name".into());
    name.is_ok_and(|name| name == JsValue::from_str("AbortError"))
}

fn refused(cause: &str) -> ApiError {
    ApiError::new(
        code::IO,
        format!("The browser gives no place for the file: {cause}."),
    )
    .safe("Nothing was written.")
}
