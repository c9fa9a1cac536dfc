//! The page, inside the program.

use std::io::Read;

use flate2::read::GzDecoder;
use rust_embed::{EmbeddedFile, RustEmbed};
use shared::api::{ApiError, code};
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

use super::reply;

/// What `cargo xtask web` built, large files compressed (`.gz`); empty when the agent was built before it.
#[derive(RustEmbed)]
#[folder = "../target/packed"]
#[allow_missing = true]
struct Site;

/// The page in one file, to be kept: it plans and checks without an agent.
const SINGLE_FILE: &str = "argosy.html";

/// Returns a file of the page; `/` is its HTML. Browsers ask again each time, and get "not modified" when it is.
pub(super) fn file(path: &str, known_tag: Option<&str>) -> Response {
    let name = match path.trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    let packed = || Site::get(&format!("{name}.gz")).map(|file| (file, true));
    match Site::get(name).map(|file| (file, false)).or_else(packed) {
        Some((file, is_packed)) => found(name, &file, is_packed, known_tag),
        None if name == "index.html" => not_built(),
        None => reply::error(&ApiError::new(code::NOT_FOUND, "There is no such page.").at(path)),
    }
}

fn found(name: &str, file: &EmbeddedFile, is_packed: bool, known_tag: Option<&str>) -> Response {
    let hash = file.metadata.sha256_hash();
    let tag = format!("\"{:x}\"", u128::from_be_bytes(first_half(&hash)));
    let unchanged = known_tag == Some(tag.as_str());
    let body = match (unchanged, is_packed) {
        (true, _) => Vec::new(),
        (false, false) => file.data.to_vec(),
        (false, true) => {
            let mut content = Vec::new();
            if let Err(error) = GzDecoder::new(&*file.data).read_to_end(&mut content) {
                let what = format!("The page inside this program is damaged: {error}.");
                return reply::error(&ApiError::new(code::INTERNAL, what).at(name));
            }
            content
        }
    };
    let body = warp::hyper::body::Bytes::from(body).into();
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(content_type(name)),
    );
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if name == SINGLE_FILE {
        headers.insert(header::CONTENT_DISPOSITION, reply::attachment(name));
    }
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    reply::secured(response, "no-cache")
}

fn not_built() -> Response {
    let text = "This agent was built without its page. Build both with: cargo xtask run\n";
    let mut response = Response::new(text.into());
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    *response.status_mut() = StatusCode::NOT_FOUND;
    reply::secured(response, "no-store")
}

fn first_half(hash: &[u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(hash.split_at(16).0);
    half
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
