//! AES-CCM sealed keys.
