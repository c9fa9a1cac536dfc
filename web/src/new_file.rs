//! A file that a page writes piece by piece: in its place where the browser can (the File System Access API), else put
//! together and downloaded, which is for files of moderate length.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use shared::api::{ApiError, code};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use crate::local_file::{said, save_blob};

/// The longest file that is put together before it is downloaded. Browsers keep such pieces in memory or on their own
/// disk; more than this many fail without a word in some.
pub const MEMORY_BYTES_MAX: u64 = 1_000_000_000;

/// A file that is being written.
pub enum NewFile {
    /// Where the person said: the browser's stream.
    InPlace(JsValue),
    /// Its pieces so far, and its name.
    Pieces(String, Array),
}

/// Returns whether the browser lets the person say where a file goes, and writes it there.
#[must_use]
pub fn can_write_in_place() -> bool {
    picker().is_some()
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
            return match crate::receiver::too_long(bytes) {
                Some(why) => {
                    Err(ApiError::new(code::BAD_REQUEST, why).safe("Nothing was written."))
                }
                None => Ok(Some(Self::Pieces(name.to_owned(), Array::new()))),
            };
        };
        match in_place(&picker, name).await {
            Ok(stream) => Ok(Some(Self::InPlace(stream))),
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
            Self::InPlace(stream) => call(stream, "write", &piece).await,
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
            Self::InPlace(stream) => call(&stream, "close", &JsValue::UNDEFINED).await,
            Self::Pieces(name, pieces) => {
                let blob = Blob::new_with_blob_sequence(&pieces).map_err(|error| said(&error))?;
                save_blob(&name, &blob)
            }
        }
    }

    /// Drops what was written: no file is left that is not whole.
    pub async fn give_up(self) {
        if let Self::InPlace(stream) = self {
            // A stream that failed is given up already.
            let _ = call(&stream, "abort", &JsValue::UNDEFINED).await;
        }
    }
}

async fn in_place(picker: &Function, name: &str) -> Result<JsValue, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"suggestedName".into(), &name.into())?;
    let window = gloo::utils::window();
    let handle = picker.call1(&window, &options)?.dyn_into::<Promise>()?;
    let handle = JsFuture::from(handle).await?;
    let create: Function = Reflect::get(&handle, &"createWritable".into())?.dyn_into()?;
    JsFuture::from(create.call0(&handle)?.dyn_into::<Promise>()?).await
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
