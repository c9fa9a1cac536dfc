//! Whose program is at the other end of a connection.
//!
//! Loopback belongs to everybody on the machine: any local user can connect to our port. The kernel knows who opened
//! the other end, and on Linux says so in `/proc/net/tcp`. Taken are connections of
//! - the user whom this process runs as,
//! - the person who became root to start it (`sudo`, `pkexec`, or the login that the kernel remembers): their browser
//!   runs as them, and so does the `sshd` that forwards a port for them,
//! - root, who could read our memory anyway.
//!
//! Everybody else is turned away, unheard. Elsewhere than on Linux there is no such table to read; the
//! tokens alone protect there. Source: requirement S6.

#[cfg(target_os = "linux")]
use std::net::SocketAddr;

use rustix::process::Uid;
use thiserror::Error;
use tokio::net::TcpStream;

/// The users whose programs may connect.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "there is no table to compare them with")
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Users {
    ids: Vec<u32>,
    can_be_told: bool,
}

/// A connection of somebody else, or of nobody that the kernel names.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "there is no table of whose connection is whose")
)]
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub(super) enum Stranger {
    /// The kernel has no such connection, or its other end is closed.
    #[error("the kernel does not say whose connection this is")]
    Unknown,
    /// Another user's.
    #[error("the connection is of user {0}")]
    Other(u32),
}

/// Where the kernel says whose a connection is.
#[cfg(target_os = "linux")]
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

impl Users {
    /// Returns whether this system said whose a connection is when this process started. Where it does not (an empty
    /// root directory without `/proc`), the tokens alone protect: nobody who is to be kept out can take `/proc` away.
    #[must_use]
    pub const fn can_be_told(&self) -> bool {
        self.can_be_told
    }

    /// Returns who may speak to this process: its own user, root, and whoever became root to start it.
    #[must_use]
    pub fn of_this_process() -> Self {
        let own = rustix::process::geteuid();
        let mut users = vec![own.as_raw(), Uid::ROOT.as_raw()];
        if own.is_root() {
            users.extend(person_behind_root());
        }
        users.sort_unstable();
        users.dedup();
        Self {
            ids: users,
            can_be_told: is_told(),
        }
    }

    #[cfg(target_os = "linux")]
    fn has(&self, user: u32) -> bool {
        self.ids.contains(&user)
    }
}

/// Returns whether this system says whose a connection is, where it can be expected to.
fn is_told() -> bool {
    #[cfg(target_os = "linux")]
    return std::fs::metadata(TABLES[0]).is_ok();
    #[cfg(not(target_os = "linux"))]
    true
}

/// Returns when the other end of `stream` belongs to one of `users`.
///
/// # Errors
/// [`Stranger`]. What cannot be told apart is refused.
#[cfg(target_os = "linux")]
pub(super) fn check(stream: &TcpStream, users: &Users) -> Result<(), Stranger> {
    if !users.can_be_told {
        return Ok(());
    }
    let (Ok(theirs), Ok(ours)) = (stream.peer_addr(), stream.local_addr()) else {
        return Err(Stranger::Unknown);
    };
    // A program that speaks IPv6 reaches an IPv4 address too, and stands in the other table then.
    let owner = TABLES.iter().find_map(|table| {
        let table = std::fs::read_to_string(table).ok()?;
        owner(&table, theirs, ours)
    });
    match owner {
        Some(user) if users.has(user) => Ok(()),
        Some(user) => Err(Stranger::Other(user)),
        None => Err(Stranger::Unknown),
    }
}

/// Returns at once: this system has no table of whose connection is whose.
#[cfg(not(target_os = "linux"))]
pub(super) fn check(_: &TcpStream, _: &Users) -> Result<(), Stranger> {
    Ok(())
}

/// Returns the user of the socket whose own end is `theirs` and whose other end is `ours`.
///
/// A socket that its program closed has no inode any more, and older kernels then show it as root's: such a line is
/// nobody's. Source: Linux `Documentation/networking/proc_net_tcp.rst`, `net/ipv4/tcp_ipv4.c` `get_tcp4_sock`.
#[cfg(target_os = "linux")]
fn owner(table: &str, theirs: SocketAddr, ours: SocketAddr) -> Option<u32> {
    table.lines().skip(1).find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let (local, remote) = (words.nth(1)?, words.next()?);
        let (user, inode) = (words.nth(4)?, words.nth(1)?);
        let is_it = address(local)? == theirs && address(remote)? == ours && inode != "0";
        if is_it { user.parse().ok() } else { None }
    })
}

/// Returns an address of the table: words of four bytes as this machine keeps them, and the port as a number.
#[cfg(target_os = "linux")]
fn address(text: &str) -> Option<SocketAddr> {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    let (digits, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = [0; 16];
    for (into, word) in bytes
        .chunks_exact_mut(4)
        .zip(digits.as_bytes().chunks_exact(8))
    {
        let word = std::str::from_utf8(word).ok()?;
        into.copy_from_slice(&u32::from_str_radix(word, 16).ok()?.to_ne_bytes());
    }
    let address: IpAddr = match digits.len() {
        8 => {
            let [a, b, c, d, ..] = bytes;
            Ipv4Addr::new(a, b, c, d).into()
        }
        32 => Ipv6Addr::from(bytes).to_canonical(),
        _ => return None,
    };
    Some(SocketAddr::new(address, port))
}

/// Returns who became root: as `sudo` and `pkexec` say, else as the kernel remembers from the login.
fn person_behind_root() -> Option<u32> {
    /// What the kernel calls "nobody logged in".
    const UNSET: u32 = u32::MAX;
    let named = ["SUDO_UID", "PKEXEC_UID"];
    let named = named
        .iter()
        .find_map(|name| std::env::var(name).ok()?.parse().ok());
    let remembered = || {
        let text = std::fs::read_to_string("/proc/self/loginuid").ok()?;
        text.trim().parse().ok()
    };
    named.or_else(remembered).filter(|user| *user != UNSET)
}

#[cfg(all(test, target_os = "linux", target_endian = "little"))]
mod tests {
    use super::*;

    /// Lines as Linux 6.18 writes them, but for blanks at their ends.
    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1605 1 0000000000000000 100 0 0 10 0
   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 1700 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 1701 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:C351 0100007F:1F90 05 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000 20 4 30 10 -1
";
    const TABLE_6: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:C350 00000000000000000000000001000000:1F90 01 00000000:00000000 00:00000000 00000000  1002        0 1800 1 0000000000000000 20 4 30 10 -1
   1: 0000000000000000FFFF00000100007F:C352 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000  1003        0 1801 1 0000000000000000 20 4 30 10 -1
";

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn the_owner_is_that_of_the_other_end_and_not_our_own() {
        let found = owner(TABLE, at("127.0.0.1:50000"), at("127.0.0.1:8080"));
        assert_eq!(found, Some(1001));
    }

    #[test]
    fn a_connection_that_is_not_in_the_table_is_nobodys() {
        let found = owner(TABLE, at("127.0.0.1:50009"), at("127.0.0.1:8080"));
        assert_eq!(found, None);
    }

    #[test]
    fn a_socket_that_its_program_closed_is_not_roots() {
        let found = owner(TABLE, at("127.0.0.1:50001"), at("127.0.0.1:8080"));
        assert_eq!(found, None);
    }

    #[test]
    fn ipv6_and_ipv4_inside_ipv6_are_found() {
        let found = owner(TABLE_6, at("[::1]:50000"), at("[::1]:8080"));
        assert_eq!(found, Some(1002));
        let found = owner(TABLE_6, at("127.0.0.1:50002"), at("127.0.0.1:8080"));
        assert_eq!(found, Some(1003));
    }

    #[test]
    fn our_own_user_and_root_may_speak_and_nobody_may_not() {
        let users = Users::of_this_process();
        assert!(users.has(rustix::process::geteuid().as_raw()));
        assert!(users.has(0));
        assert!(!users.has(u32::MAX - 1));
    }
}
