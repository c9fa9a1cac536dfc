//! The hashes of a whole blob, as its bytes come.

use lanes::Md5State;
use shared::copy_log::Crc64;

/// Hashes bytes that come in order; knows when they did not.
pub(super) struct WholeHash {
    md5: Option<Md5State>,
    crc64: Option<Crc64>,
    next: Option<u64>,
}

impl WholeHash {
    /// Returns the hashes of nothing: those that are wanted.
    pub(super) fn new(md5: bool, crc64: bool) -> Self {
        Self {
            md5: md5.then(Md5State::new),
            crc64: crc64.then(Crc64::new),
            next: Some(0),
        }
    }

    /// Takes bytes at an offset. Once a part was passed over, it knows nothing any more.
    pub(super) fn take(&mut self, at: u64, bytes: &[u8]) {
        if self.next != Some(at) {
            self.next = None;
            return;
        }
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        if let Some(crc64) = &mut self.crc64 {
            crc64.update(bytes);
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.next = Some(at.saturating_add(length));
    }

    /// Returns the MD5 of all `bytes`, when they all came.
    pub(super) fn md5_of_all(&self, bytes: u64) -> Option<[u8; 16]> {
        let md5 = self.md5.as_ref().filter(|_| self.next == Some(bytes));
        md5.map(|md5| md5.clone().finish())
    }

    /// Takes out the checksum of all `bytes`, when they all came.
    pub(super) fn crc64_of_all(&mut self, bytes: u64) -> Option<u64> {
        let is_whole = self.next == Some(bytes);
        let crc64 = self.crc64.take_if(|_| is_whole);
        crc64.map(Crc64::finish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_bytes_in_order_have_hashes() {
        let mut hash = WholeHash::new(true, true);
        hash.take(0, b"12345");
        assert_eq!((hash.md5_of_all(9), hash.crc64_of_all(9)), (None, None));
        hash.take(5, b"6789");
        let md5 = shared::hash::from_hex("25f9e794323b453885f5181f1b624d0b");
        assert_eq!(hash.md5_of_all(9), md5);
        assert_eq!(hash.crc64_of_all(9), Some(0xAE8B_1486_0A79_9888));
        let mut torn = WholeHash::new(true, true);
        torn.take(1, b"bc");
        assert_eq!((torn.md5_of_all(3), torn.crc64_of_all(3)), (None, None));
    }
}
