//! How one process becomes two, of which the second never has rights.

use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{Gid, Uid};
use rustix::thread::{self, CapabilitySet, CapabilitySets};

use super::channel::Channel;
use super::error::RootPartError;
use super::handle::RootPart;
use super::person::{Person, Reading};
use super::words::Answer;

/// Returns the two ends: of the root part, and of the user part.
///
/// # Errors
/// [`RootPartError`].
pub fn pair() -> Result<(Channel, OwnedFd), RootPartError> {
    let (ours, theirs) = socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )?;
    Ok((Channel::new(ours), theirs))
}

/// Starts `command` as the user part, as `person` from its first instruction on; returns it with the root part's end.
///
/// Standard input is the way of the pair; the real one comes along with the first message. The command must call
/// [`enter`] before it reads from there.
///
/// # Errors
/// [`RootPartError`]; nothing runs then.
pub fn start(mut command: Command, person: &Person) -> Result<(Child, Channel), RootPartError> {
    let (ours, theirs) = pair()?;
    command
        .stdin(Stdio::from(theirs))
        .envs(person.environment());
    // Rights are a thread's own, and a child has those of the thread that starts it. So a thread gives its rights up,
    // starts the child, and ends; no instruction of the child ever runs with more.
    let started = std::thread::scope(|scope| {
        let starting = scope.spawn(|| {
            become_person(person)?;
            Ok(command.spawn()?)
        });
        starting.join()
    });
    let stopped = |_| Err(RootPartError::Rights("the thread for it stopped".into()));
    let child = started.unwrap_or_else(stopped)?;
    let hello = Answer::Hello {
        person: person.clone(),
    };
    ours.send(&hello, &[std::io::stdin().as_fd()])?;
    Ok((child, ours))
}

/// Takes the pair from standard input, makes sure that this process has no rights but the person's, and returns the
/// way to the root part.
///
/// # Errors
/// [`RootPartError`]: the process must end then.
pub fn enter() -> Result<RootPart, RootPartError> {
    let channel = Channel::new(std::io::stdin().as_fd().try_clone_to_owned()?);
    let (hello, terminal) = channel.receive()?;
    let Answer::Hello { person } = hello else {
        return Err(RootPartError::Nonsense(
            "the first word was no hello".into(),
        ));
    };
    let terminal = terminal
        .into_iter()
        .next()
        .ok_or_else(|| RootPartError::Nonsense("no standard input".into()))?;
    rustix::stdio::dup2_stdin(&terminal)?;
    check_person(&person)?;
    keep_to_ourselves(&person)?;
    Ok(RootPart::new(channel))
}

/// Has programs that this process starts (a browser) get nothing of the right to read everything.
fn keep_to_ourselves(person: &Person) -> Result<(), RootPartError> {
    let kept = kept(person.reading);
    let sets = CapabilitySets {
        effective: kept,
        permitted: kept,
        inheritable: CapabilitySet::empty(),
    };
    // What is not inheritable is not ambient either.
    Ok(thread::set_capabilities(None, sets)?)
}

/// Gives up every right of this thread but the person's, for good.
fn become_person(person: &Person) -> Result<(), RootPartError> {
    let kept = kept(person.reading);
    let groups: Vec<Gid> = person
        .groups
        .iter()
        .map(|group| Gid::from_raw(*group))
        .collect();
    let (uid, gid) = (Uid::from_raw(person.uid), Gid::from_raw(person.gid));
    thread::set_keep_capabilities(!kept.is_empty())?;
    thread::set_thread_groups(&groups)?;
    thread::set_thread_res_gid(gid, gid, gid)?;
    thread::set_thread_res_uid(uid, uid, uid)?;
    let sets = CapabilitySets {
        effective: kept,
        permitted: kept,
        inheritable: kept,
    };
    thread::set_capabilities(None, sets)?;
    thread::set_keep_capabilities(false)?;
    if !kept.is_empty() {
        // What a child without root is to have must be ambient.
        thread::configure_capability_in_ambient_set(kept, true)?;
    }
    thread::set_no_new_privs(true)?;
    check_person(person)
}

/// Makes sure that this thread is the person, has no other right, and cannot get one back.
fn check_person(person: &Person) -> Result<(), RootPartError> {
    use rustix::process::{getegid, geteuid, getgid, getuid};
    let users = [getuid(), geteuid()].map(Uid::as_raw);
    let groups = [getgid(), getegid()].map(Gid::as_raw);
    let has = thread::capabilities(None)?;
    let kept = kept(person.reading);
    let is_person = person.uid != 0 && users == [person.uid; 2] && groups == [person.gid; 2];
    let has_only = has.effective == kept && has.permitted == kept;
    if !is_person || !has_only || !thread::no_new_privs()? {
        return Err(RootPartError::Rights("more of them is left".into()));
    }
    if thread::set_thread_uid(Uid::ROOT).is_ok() {
        return Err(RootPartError::Rights("they came back".into()));
    }
    Ok(())
}

const fn kept(reading: Reading) -> CapabilitySet {
    match reading {
        Reading::AsPerson => CapabilitySet::empty(),
        Reading::AsRoot => CapabilitySet::DAC_READ_SEARCH,
    }
}
