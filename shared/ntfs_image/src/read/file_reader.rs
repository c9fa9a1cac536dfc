//! A file of a volume as a stream.

use std::io::{self, Read};

use disk::ReadAt;

use super::file::File;
use super::volume::Volume;

/// Reads a file of a volume from its start to its end.
#[derive(Debug)]
pub struct FileReader<'a, R> {
    volume: &'a Volume<R>,
    file: File,
    at: u64,
}

impl<'a, R: ReadAt> FileReader<'a, R> {
    /// Begins at the file's first byte.
    #[must_use]
    pub const fn new(volume: &'a Volume<R>, file: File) -> Self {
        Self {
            volume,
            file,
            at: 0,
        }
    }
}

impl<R: ReadAt> Read for FileReader<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.file.bytes().saturating_sub(self.at);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        let now = into.get_mut(..length).unwrap_or_default();
        self.volume
            .read(&self.file, self.at, now)
            .map_err(io::Error::other)?;
        self.at = self
            .at
            .saturating_add(u64::try_from(length).unwrap_or(left));
        Ok(length)
    }
}
