//! Files of this machine: a dropped one as [`disk::ReadAt`], a new one to be saved. Nothing leaves the machine.

use disk::{ReadAt, ReadError};
use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Blob, BlobPropertyBag, File, FileReaderSync, HtmlAnchorElement, MessageChannel, MessagePort,
    Url,
};

/// Beyond this a file is read piece by piece in a worker, or not at all.
pub const WHOLE_BYTES_MAX: u64 = 1 << 30;

/// A dropped file in a worker, read piece by piece where it lies.
#[derive(Debug)]
pub struct LocalFile {
    file: File,
    reader: FileReaderSync,
    /// A port that is closed.
    nobody: MessagePort,
}

impl LocalFile {
    /// Returns the file. Only a worker can read a file while it waits for it.
    ///
    /// # Errors
    /// The browser's word outside a worker.
    pub fn new(file: File) -> Result<Self, String> {
        let reader = FileReaderSync::new().map_err(|error| said(&error))?;
        let channel = MessageChannel::new().map_err(|error| said(&error))?;
        let nobody = channel.port1();
        nobody.close();
        Ok(Self {
            file,
            reader,
            nobody,
        })
    }

    /// Gives a buffer's memory back now and not some day, when there may be hundreds of megabytes of it: what is handed over
    /// to nobody is gone. Where that cannot be done it is some day.
    fn free(&self, buffer: &ArrayBuffer) {
        let _ = self
            .nobody
            .post_message_with_transferable(buffer, &Array::of1(buffer));
    }
}

impl ReadAt for LocalFile {
    fn bytes(&self) -> u64 {
        file_bytes(&self.file)
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let bytes = u64::try_from(into.len()).unwrap_or(u64::MAX);
        let failed = |cause: String| ReadError { at, bytes, cause };
        let end = at
            .checked_add(bytes)
            .filter(|end| *end <= self.bytes())
            .ok_or_else(|| ReadError::out_of_bounds(at, bytes, self.bytes()))?;
        let piece = self
            .file
            .slice_with_f64_and_f64(float(at), float(end))
            .map_err(|error| failed(said(&error)))?;
        let buffer = self
            .reader
            .read_as_array_buffer(&piece)
            .map_err(|error| failed(said(&error)))?;
        let content = Uint8Array::new(&buffer);
        if u64::from(content.length()) != bytes {
            return Err(failed("the file became shorter".to_owned()));
        }
        content.copy_to(into);
        self.free(&buffer);
        Ok(())
    }
}

/// Returns the whole content of a file: what a page does that has no worker.
///
/// # Errors
/// The reason in words, also when it is too long for memory.
pub async fn read_whole(file: &File) -> Result<Vec<u8>, String> {
    if file_bytes(file) > WHOLE_BYTES_MAX {
        return Err(
            "it is too large for this copy of the page; open the page through the agent".to_owned(),
        );
    }
    let buffer = wasm_bindgen_futures::JsFuture::from(file.array_buffer())
        .await
        .map_err(|error| said(&error))?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// Returns the whole content of a file that is no longer than `bytes_max` and can be read.
pub async fn read_short(file: &File, bytes_max: u64) -> Option<Vec<u8>> {
    if file_bytes(file) > bytes_max {
        return None;
    }
    read_whole(file).await.ok()
}

/// Hands `content` to the person as a file called `name`.
///
/// # Errors
/// The browser's word when it gives no room.
pub fn save(name: &str, kind: &str, content: &[u8]) -> Result<(), String> {
    let parts = Array::of1(&Uint8Array::from(content));
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options)
        .map_err(|error| said(&error))?;
    save_blob(name, &blob)
}

/// Hands a blob to the person as a file called `name`.
///
/// # Errors
/// The browser's word when it gives no room.
pub fn save_blob(name: &str, blob: &Blob) -> Result<(), String> {
    let address = Url::create_object_url_with_blob(blob).map_err(|error| said(&error))?;
    let document = gloo::utils::document();
    let anchor: HtmlAnchorElement = document
        .create_element("a")
        .map_err(|error| said(&error))?
        .unchecked_into();
    anchor.set_href(&address);
    anchor.set_download(name);
    anchor.click();
    // The download has begun by then; the memory is given back a little later.
    gloo::timers::callback::Timeout::new(60_000, move || {
        let _ = Url::revoke_object_url(&address);
    })
    .forget();
    Ok(())
}

/// Returns the length of a file.
#[must_use]
pub fn file_bytes(file: &File) -> u64 {
    whole_number(file.size())
}

/// Returns what JavaScript said when something failed.
#[must_use]
pub fn said(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => error
            .as_string()
            .unwrap_or_else(|| "the browser gave no reason".to_owned()),
    }
}

/// JavaScript counts bytes in floating point, exactly up to 2^53.
#[expect(
    clippy::as_conversions,
    reason = "lengths of files stay below 2^53, which f64 holds exactly"
)]
const fn float(bytes: u64) -> f64 {
    bytes as f64
}

#[expect(
    clippy::as_conversions,
    reason = "a float cast saturates; lengths of files are whole and below 2^53"
)]
const fn whole_number(bytes: f64) -> u64 {
    bytes as u64
}
