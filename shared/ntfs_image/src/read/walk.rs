//! The whole tree.

use super::{Entry, Volume, VolumeError};

/// Iterator of [`Volume::walk`].
#[derive(Debug)]
pub struct Walk<'a, R> {
    _volume: &'a Volume<R>,
}

impl<R: disk::ReadAt> Iterator for Walk<'_, R> {
    type Item = Result<(String, Entry), VolumeError>;
    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}
