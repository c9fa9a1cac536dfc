//! Who is let in: four questions about every request, asked before any route is looked at.
//!
//! 1. `Host` names loopback (a page whose own name was made to resolve here is turned away).
//! 2. `Origin`, when sent, is the origin that `Host` names; on anything that changes something it must be sent.
//! 3. `Sec-Fetch-Site`, when sent, says that our own page asks (a typed address or a link may open the page itself).
//! 4. Below `/api`, all but the exchange of the launch token: cookie and header token belong to one session.
//!
//! The first three need no secret and hold against every web page; the fourth holds against other programs.
//! Source: requirements S2-S5 and S16, each with a test below or in `routes`.

use std::time::Instant;

use thiserror::Error;
use warp::http::uri::Authority;
use warp::http::{HeaderMap, HeaderValue, Method, header};

use shared::api::paths;

use super::host;
use super::session::{SessionId, Sessions, Unknown};

/// What the guard looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    /// Method.
    pub(super) method: &'a Method,
    /// Path, without query.
    pub(super) path: &'a str,
    /// Whom the request names, when `Host` and request line agree and are well formed.
    pub(super) authority: Option<&'a Authority>,
    /// All headers.
    pub(super) headers: &'a HeaderMap,
}

/// Why a request was turned away. Nothing was done.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub(super) enum Denied {
    /// `Host` is missing, doubled, or another name than loopback.
    #[error("the request is addressed to another machine")]
    Host,
    /// `Origin` is another page's, or missing where it is needed.
    #[error("the request comes from another page")]
    Origin,
    /// The browser says that another site asks.
    #[error("the request comes from another site")]
    Site,
    /// No session.
    #[error(transparent)]
    Session(#[from] Unknown),
}

/// Returns when the request may go on to its route: with the session that it belongs to, where one is needed.
///
/// # Errors
/// [`Denied`]: the first question that it fails.
pub(super) fn check(
    head: Head<'_>,
    sessions: &Sessions,
    now: Instant,
) -> Result<Option<SessionId>, Denied> {
    let host = own_host(head)?;
    check_origin(head, host)?;
    check_site(head)?;
    if !is_api(head.path) || head.path == paths::SESSION && head.method == Method::POST {
        return Ok(None);
    }
    let cookie = cookie(head.headers, sessions.cookie_name());
    let token = single(head.headers, paths::SESSION_HEADER);
    Ok(Some(sessions.admit(cookie, token, now)?))
}

fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

fn own_host(head: Head<'_>) -> Result<&str, Denied> {
    let named_once = head.headers.get_all(header::HOST).iter().count() <= 1;
    match head.authority.map(Authority::as_str) {
        Some(host) if named_once && host::is_loopback(host) => Ok(host),
        _ => Err(Denied::Host),
    }
}

fn check_origin(head: Head<'_>, host: &str) -> Result<(), Denied> {
    if !head.headers.contains_key(header::ORIGIN) {
        let reads = head.method == Method::GET || head.method == Method::HEAD;
        return if reads { Ok(()) } else { Err(Denied::Origin) };
    }
    let origin = single(head.headers, header::ORIGIN.as_str()).unwrap_or_default();
    let ours = origin
        .strip_prefix("http://")
        .is_some_and(|named| named.eq_ignore_ascii_case(host));
    if ours { Ok(()) } else { Err(Denied::Origin) }
}

fn check_site(head: Head<'_>) -> Result<(), Denied> {
    if !head.headers.contains_key("sec-fetch-site") {
        return Ok(());
    }
    let opens_the_page = !is_api(head.path)
        && head.method == Method::GET
        && single(head.headers, "sec-fetch-mode") == Some("navigate")
        && single(head.headers, "sec-fetch-dest") == Some("document");
    match single(head.headers, "sec-fetch-site") {
        Some("same-origin") => Ok(()),
        Some(_) if opens_the_page => Ok(()),
        _ => Err(Denied::Site),
    }
}

/// Returns a header that is there once and is text; a doubled one counts as missing.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value: &HeaderValue = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok()
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(method: &Method, headers: &[(&'static str, &'static str)]) -> Result<(), Denied> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let host = map.get(header::HOST).and_then(|host| host.to_str().ok());
        let authority = host.and_then(|host| host.parse::<Authority>().ok());
        let head = Head {
            method,
            path: "/",
            authority: authority.as_ref(),
            headers: &map,
        };
        check(
            head,
            &Sessions::new().expect("random bytes"),
            Instant::now(),
        )
        .map(drop)
    }

    #[test]
    fn two_hosts_are_none() {
        let once = [("host", "localhost:80")];
        assert_eq!(checked(&Method::GET, &once), Ok(()));
        let twice = [("host", "localhost:80"), ("host", "localhost:80")];
        assert_eq!(checked(&Method::GET, &twice), Err(Denied::Host));
    }

    #[test]
    fn two_origins_are_a_foreign_one() {
        let once = [("host", "localhost:80"), ("origin", "http://localhost:80")];
        assert_eq!(checked(&Method::POST, &once), Ok(()));
        let twice = [
            ("host", "localhost:80"),
            ("origin", "http://localhost:80"),
            ("origin", "http://localhost:80"),
        ];
        assert_eq!(checked(&Method::POST, &twice), Err(Denied::Origin));
        assert_eq!(checked(&Method::GET, &twice), Err(Denied::Origin));
    }

    #[test]
    fn a_site_said_twice_is_a_foreign_one() {
        let twice = [
            ("host", "localhost:80"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "same-origin"),
        ];
        assert_eq!(checked(&Method::GET, &twice), Err(Denied::Site));
    }

    #[test]
    fn only_our_own_cookie_counts_whatever_stands_beside_it() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("other=1; argosy-1=mine;x=2"),
        );
        assert_eq!(cookie(&headers, "argosy-1"), Some("mine"));
        assert_eq!(cookie(&headers, "argosy"), None);
    }
}
