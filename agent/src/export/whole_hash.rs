//! The hash of a whole blob, as its bytes come.

use lanes::Md5State;

/// Hashes bytes that come in order; knows when they did not.
pub(super) struct WholeHash {
    state: Md5State,
    next: Option<u64>,
}

impl WholeHash {
    /// Returns the hash of nothing.
    pub(super) fn new() -> Self {
        Self {
            state: Md5State::new(),
            next: Some(0),
        }
    }

    /// Takes bytes at an offset. Once a part was passed over, it knows nothing any more.
    pub(super) fn take(&mut self, at: u64, bytes: &[u8]) {
        if self.next != Some(at) {
            self.next = None;
            return;
        }
        self.state.update(bytes);
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.next = Some(at.saturating_add(length));
    }

    /// Returns the hash of all `bytes`, when they all came.
    pub(super) fn of_all(&self, bytes: u64) -> Option<[u8; 16]> {
        (self.next == Some(bytes)).then(|| self.state.clone().finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_bytes_in_order_have_a_hash() {
        let mut hash = WholeHash::new();
        hash.take(0, b"ab");
        assert_eq!(hash.of_all(3), None);
        hash.take(2, b"c");
        let abc = shared::hash::from_hex("900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hash.of_all(3), abc);
        let mut torn = WholeHash::new();
        torn.take(1, b"bc");
        assert_eq!(torn.of_all(3), None);
    }
}
