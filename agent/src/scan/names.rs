//! The names in an open folder.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;

use rustix::fs::FileType;
use rustix::io::Result;

/// What the kernel is asked for at once.
#[cfg(target_os = "linux")]
const BUFFER_BYTES: usize = 32 << 10;

/// The names in a folder, without those of itself and of the one above it, in the order of inodes: a
/// disk is asked from one end to the other.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// One behind the other, each with its end.
    text: Vec<u8>,
    names: Vec<Name>,
}

#[derive(Debug)]
struct Name {
    inode: u64,
    kind: FileType,
    from: usize,
    to: usize,
}

impl Names {
    /// Reads the names of an open folder.
    pub(super) fn of(folder: BorrowedFd<'_>) -> Result<Self> {
        let mut names = Self::default();
        names.read(folder)?;
        names.names.sort_unstable_by_key(|name| name.inode);
        Ok(names)
    }

    /// Returns each name, and what it is the name of as far as the folder says.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&CStr, FileType)> {
        self.names.iter().map(|name| {
            let text = CStr::from_bytes_with_nul(&self.text[name.from..name.to]);
            (text.expect("a name as it was read"), name.kind)
        })
    }

    #[cfg(target_os = "linux")]
    fn read(&mut self, folder: BorrowedFd<'_>) -> Result<()> {
        let mut buffer = Vec::with_capacity(BUFFER_BYTES);
        let mut entries = rustix::fs::RawDir::new(folder, buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry?;
            self.add(entry.file_name(), entry.file_type(), entry.ino());
        }
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn read(&mut self, folder: BorrowedFd<'_>) -> Result<()> {
        for entry in rustix::fs::Dir::read_from(folder)? {
            let entry = entry?;
            self.add(entry.file_name(), entry.file_type(), entry.ino());
        }
        Ok(())
    }

    fn add(&mut self, name: &CStr, kind: FileType, inode: u64) {
        if name == c"." || name == c".." {
            return;
        }
        let from = self.text.len();
        self.text.extend_from_slice(name.to_bytes_with_nul());
        let to = self.text.len();
        self.names.push(Name {
            inode,
            kind,
            from,
            to,
        });
    }
}
