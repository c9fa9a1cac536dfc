//! AES by the processor's own instructions, as many blocks at once as fill its pipes.
//!
//! ```text
//! key -> RoundKeys -> vaes512 (32 blocks) | vaes256 (16) | aesni (8): one body, `kernels!`, three widths
//! ```
//! The `aes` crate, which has no instructions fenced in here, takes its widest path only where AVX-512 is; processors with
//! AES for 256 bits and no AVX-512 are common, and there this is three times as fast. Source: FIPS 197, IEEE 1619,
//! NIST SP 800-38A.

#[cfg(target_arch = "x86_64")]
mod aesni;
#[cfg(target_arch = "x86_64")]
mod kernel;
#[cfg(target_arch = "x86_64")]
mod key;
#[cfg(not(target_arch = "x86_64"))]
mod nowhere;
#[cfg(target_arch = "x86_64")]
mod round_keys;
#[cfg(all(test, target_arch = "x86_64"))]
mod tests;
#[cfg(target_arch = "x86_64")]
mod vaes256;
#[cfg(target_arch = "x86_64")]
mod vaes512;

#[cfg(target_arch = "x86_64")]
pub use key::Aes;
#[cfg(not(target_arch = "x86_64"))]
pub use nowhere::Aes;
