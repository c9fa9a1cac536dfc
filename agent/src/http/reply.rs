//! Answers: the only place that knows status codes and headers.

use std::convert::Infallible;
use std::io;

use futures::Stream;
use serde::Serialize;
use shared::api::{ApiError, code};
use warp::http::{HeaderValue, StatusCode, header};
use warp::hyper::body::Bytes;
use warp::reply::{Reply, Response};
use zeroize::Zeroizing;

use super::guard::Denied;
use super::questions::Void;
use super::session::{ExchangeError, Unknown};
use super::shape::Misshapen;

/// What the page may do: run its own script and WebAssembly, talk to us, and nothing else. Source: requirement S12.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Headers of every answer. No CORS header is among them: no other origin is ever allowed to read one.
const ALWAYS: [(&str, &str); 7] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=(), local-network=(), \
         loopback-network=(), clipboard-write=(self)",
    ),
];

/// Room for an answer with a recovery password: 55 letters, and a serial.
const SECRET_BYTES: usize = 4096;

/// Code of an answer to somebody who was wrong too often.
pub(super) const LOCKED_OUT: &str = "locked-out";

/// Returns `answer` as JSON, never stored by the browser.
pub(super) fn json<T: Serialize>(answer: &T) -> Response {
    secured(warp::reply::json(answer).into_response(), "no-store")
}

/// Returns `answer`, which holds a key, as JSON; what was sent is wiped.
///
/// # Errors
/// `serde_json`'s word.
pub(super) fn secret_json<T: Serialize>(answer: &T) -> Result<Response, serde_json::Error> {
    // Grown piece by piece, it would leave copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(SECRET_BYTES));
    serde_json::to_writer(&mut *text, answer)?;
    let mut response = secret(text);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(secured(response, "no-store"))
}

/// Returns bytes that are wiped once the last of them is sent.
fn secret(bytes: Zeroizing<Vec<u8>>) -> Response {
    Response::new(Bytes::from_owner(bytes).into())
}

/// Returns an error in its one shape, with the status that its code has.
pub(super) fn error(error: &ApiError) -> Response {
    let mut response = json(error);
    *response.status_mut() = status(&error.code);
    response
}

/// Returns `bytes`, which may hold a key, as a file to be saved under `name`; they are wiped once they are sent.
pub(super) fn download(name: &str, bytes: Zeroizing<Vec<u8>>) -> Response {
    let mut response = secret(bytes);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(header::CONTENT_DISPOSITION, attachment(name));
    secured(response, "no-store")
}

/// Returns bytes that are made while they are sent, never stored by the browser.
pub(super) fn pieces(
    first: Vec<u8>,
    rest: impl Iterator<Item = Vec<u8>> + Send + Sync + 'static,
) -> Response {
    let all = std::iter::once(first).chain(rest).map(Ok::<_, Infallible>);
    let mut response = warp::reply::stream(futures::stream::iter(all)).into_response();
    let bytes = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, bytes);
    secured(response, "no-store")
}

/// Returns a table of `bytes` bytes as a file to be saved under `name`, read while it is sent. Where reading fails the answer
/// breaks off, and the browser says so.
pub(super) fn csv(
    name: &str,
    bytes: u64,
    pieces: impl Stream<Item = io::Result<Vec<u8>>> + Send + Sync + 'static,
) -> Response {
    let mut response = warp::reply::stream(pieces).into_response();
    let headers = response.headers_mut();
    let csv = HeaderValue::from_static("text/csv; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, csv);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    headers.insert(header::CONTENT_DISPOSITION, attachment(name));
    secured(response, "no-store")
}

/// Returns the response with the headers of every answer.
pub(super) fn secured(mut response: Response, cache: &'static str) -> Response {
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

/// Returns a `Content-Disposition` that saves under `name`; whatever could end the quotes becomes `_`.
pub(super) fn attachment(name: &str) -> HeaderValue {
    let name: String = name
        .chars()
        .map(|letter| match letter {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '.' | '_' | '-' => letter,
            _ => '_',
        })
        .collect();
    HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

fn status(error_code: &str) -> StatusCode {
    match error_code {
        code::NO_SESSION => StatusCode::UNAUTHORIZED,
        code::BAD_TOKEN => StatusCode::FORBIDDEN,
        code::FOREIGN => StatusCode::FORBIDDEN,
        code::BAD_REQUEST => StatusCode::BAD_REQUEST,
        code::TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
        code::NOT_FOUND => StatusCode::NOT_FOUND,
        code::WRONG_METHOD => StatusCode::METHOD_NOT_ALLOWED,
        code::PLAN => StatusCode::UNPROCESSABLE_ENTITY,
        code::IO | code::INTERNAL => StatusCode::INTERNAL_SERVER_ERROR,
        LOCKED_OUT => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::CONFLICT,
    }
}

impl From<&Denied> for ApiError {
    fn from(denied: &Denied) -> Self {
        let code = match denied {
            Denied::Host | Denied::Origin | Denied::Site => code::FOREIGN,
            Denied::Session(Unknown::NoSession) => code::NO_SESSION,
            Denied::Session(Unknown::LockedOut) => LOCKED_OUT,
        };
        Self::new(code, format!("{denied}."))
            .safe("Nothing was done.")
            .next("Open the address that argosy serve printed; argosy link prints a new one.")
    }
}

impl From<&Misshapen> for ApiError {
    fn from(misshapen: &Misshapen) -> Self {
        Self::new(code::FOREIGN, format!("{misshapen}."))
            .safe("Nothing was done.")
            .next("Open the page in a browser.")
    }
}

impl From<&Void> for ApiError {
    fn from(void: &Void) -> Self {
        Self::new(code::QUESTION_VOID, format!("{void}."))
            .safe("No drive was touched.")
            .next("Look at the drives once more, and type the ends of their serials again.")
    }
}

impl From<&ExchangeError> for ApiError {
    fn from(refused: &ExchangeError) -> Self {
        let code = match refused {
            ExchangeError::Unknown => code::BAD_TOKEN,
            ExchangeError::LockedOut => LOCKED_OUT,
            ExchangeError::Random(_) => code::INTERNAL,
        };
        Self::new(code, format!("{refused}."))
            .safe("Nothing was done.")
            .next("argosy link prints a new address; so does Enter where argosy serve runs.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_name_cannot_leave_its_quotes() {
        let header = attachment("a\"; x=\r\n/../é.jrn");
        assert_eq!(
            header.to_str().expect("ascii"),
            "attachment; filename=\"a___x____..__.jrn\""
        );
    }

    #[test]
    fn an_error_keeps_its_five_words_and_gets_its_status() {
        let response = error(&ApiError::new(code::REFUSED, "mounted").at("WD1"));
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert_eq!(
            error(&ApiError::new(code::NO_SESSION, "")).status(),
            StatusCode::UNAUTHORIZED
        );
    }
}
