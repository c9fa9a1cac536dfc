//! Properties files: each blob's Content-MD5, known when its file has been hashed whole.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lanes::{Md5State, Piece, update_many};
use shared::plan::PROPERTIES_BYTES;

use super::batch::{Batch, PieceBytes, Role};

/// Hashes whole files, each one stream; several files at once.
#[derive(Default)]
pub(super) struct WholeFiles {
    /// The file that the last batch ended in the middle of.
    open: Option<(u32, Md5State)>,
    /// Hashes of files whose properties file is still to come: the small ones, which lie in file
    /// records.
    known: HashMap<u32, [u8; 16]>,
}

impl WholeFiles {
    /// Returns what a pass knows that begins in the middle of `open`, with `known` files hashed
    /// whole whose properties file is still to come.
    pub(super) const fn begun(
        open: Option<(u32, Md5State)>,
        known: HashMap<u32, [u8; 16]>,
    ) -> Self {
        Self { open, known }
    }

    /// Takes the content in batches that follow one another. `ended` has the hashes of their blocks:
    /// that of a file of one block is the file's.
    pub(super) fn take(&mut self, batches: &[Batch], ended: &[Vec<Option<[u8; 16]>>]) {
        let mut files: Vec<(u32, Md5State, Vec<&[u8]>, bool)> = Vec::new();
        let of_all = batches.iter().zip(ended).flat_map(|(batch, ended)| {
            let pieces = batch.pieces.iter().zip(ended);
            pieces.map(move |(piece, hash)| (batch, piece, hash))
        });
        for (batch, piece, hash) in of_all {
            let Role::Content {
                entry,
                starts,
                ends,
            } = piece.role
            else {
                continue;
            };
            if starts && ends && piece.starts && piece.ends {
                self.known.extend(hash.map(|hash| (entry, hash)));
                continue;
            }
            let bytes = batch.bytes_of(&piece.bytes);
            match files.last_mut().filter(|(of, ..)| *of == entry) {
                Some((_, _, places, ended)) => {
                    places.push(bytes);
                    *ended |= ends;
                }
                None => {
                    let carried = self.open.take().filter(|(of, _)| *of == entry && !starts);
                    let state = carried.map_or_else(Md5State::new, |(_, state)| state);
                    files.push((entry, state, vec![bytes], ends));
                }
            }
        }
        let pieces = files.iter_mut().map(|(_, state, places, _)| Piece {
            state,
            bytes: &[],
            more: std::mem::take(places),
        });
        update_many(&mut pieces.collect::<Vec<_>>());
        for (entry, state, _, ends) in files {
            if ends {
                self.known.insert(entry, state.finish());
            } else {
                self.open = Some((entry, state));
            }
        }
    }

    /// Writes the text of every properties file in `batch`.
    pub(super) fn fill_in(&mut self, batch: &mut Batch) {
        for piece in &batch.pieces {
            let (Role::Properties { entry }, PieceBytes::Buffer(range)) =
                (piece.role, &piece.bytes)
            else {
                continue;
            };
            // A file without content has no pieces and was never hashed.
            let hash = self
                .known
                .remove(&entry)
                .unwrap_or_else(|| Md5State::new().finish());
            batch.buffer[range.clone()].copy_from_slice(&text(&hash, range.len()));
        }
    }
}

/// Returns the properties file that a drive has for a blob of this MD5, as long as it is planned.
#[must_use]
pub fn content_md5_file(hash: &[u8; 16]) -> Vec<u8> {
    text(
        hash,
        usize::try_from(PROPERTIES_BYTES).unwrap_or(usize::MAX),
    )
}

/// Returns the properties file of a blob, blanks behind it up to `length`.
fn text(hash: &[u8; 16], length: usize) -> Vec<u8> {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<Properties><Content-MD5>{}</Content-MD5></Properties>\r\n",
        BASE64.encode(hash)
    )
    .into_bytes();
    assert!(
        text.len() <= length,
        "a properties file is planned with 4096 bytes"
    );
    text.resize(length, b' ');
    text
}
