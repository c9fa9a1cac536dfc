//! `<serial>.side`: a head, the sealed area, and a hash of 16 bytes for every block.

use std::io;
use std::path::Path;
use std::sync::Arc;

use agent::pipeline::SideReader;
use agent::shelf::{Growing, Shelf, Shelves, Taken};

/// Where the hashes begin.
const BEGINNING: usize = 4096 + 65_536;

/// Takes eight bytes as the number of a hash, and the rest as what lies behind the sealed area. A hash is what lies at its
/// place, or an error; also when it was asked for after others.
pub(crate) fn run(input: &[u8]) {
    let (number, rest) = input.split_at(input.len().min(8));
    let mut bytes = vec![0; BEGINNING];
    bytes.extend_from_slice(rest);
    // Hashes are read by pages of 65,536 bytes, which no input is long enough for.
    if rest.len() > 64 {
        let more = rest.iter().cycle().take(3 * 65_536);
        bytes.extend(more);
    }
    let shelf = One(Arc::from(bytes.clone()));
    let shelves = Shelves::new(vec![Arc::new(shelf)]);
    let reader = SideReader::open(&shelves, "d.side").expect("there is a shelf");
    let mut wanted = [0; 8];
    wanted[..number.len()].copy_from_slice(number);
    let wanted = u64::from_le_bytes(wanted);
    for number in [wanted, wanted % 5000, 0, wanted >> 40, u64::MAX, wanted] {
        let place = usize::try_from(number).ok();
        let place = place.and_then(|number| number.checked_mul(16)?.checked_add(BEGINNING));
        let right = place.and_then(|at| bytes.get(at..)?.first_chunk::<16>());
        assert_eq!(reader.hash(number).ok(), right.copied(), "hash {number}");
    }
}

/// One file that can only be read.
#[derive(Debug)]
struct One(Arc<[u8]>);

impl Shelf for One {
    fn path(&self) -> &Path {
        Path::new("memory")
    }

    fn create(&self, _: &str) -> io::Result<Box<dyn Growing>> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn reopen(&self, _: &str, _: u64) -> io::Result<Box<dyn Growing>> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn read_at(&self, _: &str, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let rest = self.0.get(at..).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn read(&self, _: &str) -> io::Result<Vec<u8>> {
        Ok(self.0.to_vec())
    }

    fn take(&self, _: &str) -> io::Result<Option<Box<dyn Taken>>> {
        Ok(None)
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }
}
