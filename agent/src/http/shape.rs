//! The form of a request, before anything of it is believed: what a browser sends to a server, and nothing else.

use thiserror::Error;
use warp::http::{HeaderMap, Request, Uri, Version, header};

/// A request that no browser sends to the server of a page. Nothing was done.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub(super) enum Misshapen {
    /// HTTP/1.0 has no duty to name a host.
    #[error("the request is not of HTTP/1.1")]
    Version,
    /// `GET http://...` or `CONNECT ...`: that is how one speaks to a proxy.
    #[error("the request is meant for a proxy")]
    Target,
    /// `Host` is missing, or there are two.
    #[error("the request does not name exactly one host")]
    Host,
}

/// Returns when the request is of HTTP/1.1, asks for a path, and names one host.
///
/// # Errors
/// [`Misshapen`]: the first of the three that it fails.
pub(super) fn check<B>(request: &Request<B>) -> Result<(), Misshapen> {
    if request.version() != Version::HTTP_11 {
        return Err(Misshapen::Version);
    }
    if !is_path(request.uri()) {
        return Err(Misshapen::Target);
    }
    if hosts(request.headers()) != 1 {
        return Err(Misshapen::Host);
    }
    Ok(())
}

fn is_path(uri: &Uri) -> bool {
    uri.scheme().is_none() && uri.authority().is_none() && uri.path().starts_with('/')
}

fn hosts(headers: &HeaderMap) -> usize {
    headers.get_all(header::HOST).iter().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &'static str, version: Version, hosts: usize) -> Request<()> {
        let mut request = Request::builder().uri(target).version(version);
        for _ in 0..hosts {
            request = request.header(header::HOST, "localhost");
        }
        request.body(()).expect("well formed")
    }

    #[test]
    fn only_a_path_of_one_host_in_http_1_1_is_taken() {
        assert_eq!(check(&request("/a?b", Version::HTTP_11, 1)), Ok(()));
        for (target, version, hosts, why) in [
            ("/", Version::HTTP_10, 1, Misshapen::Version),
            ("/", Version::HTTP_2, 1, Misshapen::Version),
            ("http://localhost/", Version::HTTP_11, 1, Misshapen::Target),
            ("localhost:80", Version::HTTP_11, 1, Misshapen::Target),
            ("*", Version::HTTP_11, 1, Misshapen::Target),
            ("/", Version::HTTP_11, 0, Misshapen::Host),
            ("/", Version::HTTP_11, 2, Misshapen::Host),
        ] {
            let found = check(&request(target, version, hosts));
            assert_eq!(found, Err(why), "{target} {version:?} {hosts}");
        }
    }
}
