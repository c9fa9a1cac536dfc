//! One end of the socket pair: a packet a message, with the descriptors that belong to it.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::RootPartError;

/// Bytes of a message: a list of some hundred drives.
const MESSAGE_BYTES_MAX: usize = 128 << 10;
/// Descriptors of one message: a drive's buffered and its unbuffered one; or what is to be kept.
pub(super) const DESCRIPTORS_MAX: usize = 16;
const DESCRIPTORS_ROOM: usize = rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX));

/// One end of the pair.
#[derive(Debug)]
pub struct Channel {
    socket: OwnedFd,
}

impl Channel {
    /// Returns the end that `socket` is.
    #[must_use]
    pub const fn new(socket: OwnedFd) -> Self {
        Self { socket }
    }

    /// Sends one message, and descriptors with it.
    ///
    /// # Errors
    /// [`RootPartError`].
    pub(super) fn send(
        &self,
        message: &impl Serialize,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<(), RootPartError> {
        let bytes = serde_json::to_vec(message).map_err(nonsense)?;
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(RootPartError::Nonsense(format!(
                "a message of {} bytes; at most {MESSAGE_BYTES_MAX}",
                bytes.len()
            )));
        }
        let mut space = [MaybeUninit::uninit(); DESCRIPTORS_ROOM];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(RootPartError::Nonsense("no room for descriptors".into()));
        }
        let sent = sendmsg(
            self.socket.as_fd(),
            &[IoSlice::new(&bytes)],
            &mut beside,
            SendFlags::NOSIGNAL,
        );
        match sent {
            Err(rustix::io::Errno::PIPE | rustix::io::Errno::CONNRESET) => Err(RootPartError::Gone),
            sent => Ok(sent.map(drop)?),
        }
    }

    /// Returns whether the other end is closed. Asks nothing and waits for nothing.
    pub(super) fn is_gone(&self) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut ends = [PollFd::new(&self.socket, PollFlags::empty())];
        let at_once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        match poll(&mut ends, Some(&at_once)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => false,
            // Only the end of it, or a fault, is told without being asked for.
            Ok(_) | Err(_) => true,
        }
    }

    /// Receives one message, and the descriptors that came with it.
    ///
    /// # Errors
    /// [`RootPartError::Gone`] when the other end is closed; [`RootPartError::Nonsense`] when it is no message.
    pub(super) fn receive<T: DeserializeOwned>(&self) -> Result<(T, Vec<OwnedFd>), RootPartError> {
        let mut bytes = vec![0; MESSAGE_BYTES_MAX];
        let mut space = [MaybeUninit::uninit(); DESCRIPTORS_ROOM];
        let mut beside = RecvAncillaryBuffer::new(&mut space);
        let received = recvmsg(
            self.socket.as_fd(),
            &mut [IoSliceMut::new(&mut bytes)],
            &mut beside,
            RecvFlags::CMSG_CLOEXEC,
        );
        let received = match received {
            Err(rustix::io::Errno::CONNRESET) => return Err(RootPartError::Gone),
            received => received?,
        };
        if received.bytes == 0 {
            return Err(RootPartError::Gone);
        }
        // Too long, or with more descriptors than there is room for: none of it counts.
        let cut = ReturnFlags::TRUNC.union(ReturnFlags::CTRUNC);
        if received.flags.intersects(cut) {
            return Err(RootPartError::Nonsense("a message that is too long".into()));
        }
        let mut descriptors = Vec::new();
        for beside in beside.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = beside {
                descriptors.extend(rights);
            }
        }
        bytes.truncate(received.bytes);
        let message = serde_json::from_slice(&bytes).map_err(nonsense)?;
        Ok((message, descriptors))
    }
}

fn nonsense(error: serde_json::Error) -> RootPartError {
    RootPartError::Nonsense(error.to_string())
}
