//! Whom a request is meant for.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Returns whether `authority` (the `Host` header) names this machine's loopback: `localhost`, `127.0.0.1` or `[::1]`,
/// with any port, so that a forwarded port works too.
///
/// The host is parsed as an address and compared whole; a name that only begins or ends like one is foreign. A page
/// that makes its own name resolve to 127.0.0.1 sends its own name here.
pub(super) fn is_loopback(authority: &str) -> bool {
    let Some((host, port)) = split(authority) else {
        return false;
    };
    if !port.is_none_or(is_port) {
        return false;
    }
    if let Some(inner) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return inner.parse() == Ok(Ipv6Addr::LOCALHOST);
    }
    host.eq_ignore_ascii_case("localhost") || host.parse() == Ok(Ipv4Addr::LOCALHOST)
}

/// Splits at the colon before the port; colons inside brackets are part of the address.
fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    let after_address = match authority.strip_prefix('[') {
        Some(_) => authority.find(']')?,
        None => 0,
    };
    let (_, tail) = authority.split_at_checked(after_address)?;
    match tail.find(':') {
        None => Some((authority, None)),
        Some(colon) => {
            let (host, port) = authority.split_at_checked(after_address.checked_add(colon)?)?;
            Some((host, port.strip_prefix(':')))
        }
    }
}

fn is_port(port: &str) -> bool {
    (1..=5).contains(&port.len())
        && port.bytes().all(|digit| digit.is_ascii_digit())
        && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_names_of_loopback_are_taken_with_any_port() {
        for own in [
            "localhost",
            "LocalHost:80",
            "127.0.0.1",
            "127.0.0.1:65535",
            "[::1]",
            "[::1]:8080",
            "[0:0:0:0:0:0:0:1]:1",
        ] {
            assert!(is_loopback(own), "{own}");
        }
    }

    #[test]
    fn every_other_name_is_foreign() {
        for foreign in [
            "",
            ":80",
            "example.org",
            "127.evil.com",
            "127.0.0.1.evil.com",
            "localhost.evil.com",
            "evil.com:127.0.0.1",
            "localhost.",
            "127.0.0.1.",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "127.0.0.2",
            "0.0.0.0",
            "[::]",
            "[::ffff:127.0.0.1]",
            "::1",
            "[::1",
            "[::1]x:80",
            "user@localhost",
            "localhost:",
            "localhost:80:80",
            "localhost:65536",
            "localhost:+80",
            "localhost:80 ",
            " localhost",
            "localhost,evil.com",
        ] {
            assert!(!is_loopback(foreign), "{foreign:?}");
        }
    }
}
