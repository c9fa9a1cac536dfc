//! Keys and salts: the only source of randomness in the program.

use thiserror::Error;

/// The operating system gave no random bytes. Nothing was written; without them no key may be made.
#[derive(Debug, Error)]
#[error(
    "the operating system gives no random bytes ({cause}); no key was made and no drive was touched"
)]
pub struct NoRandomness {
    cause: String,
}

/// Fills `into` with bytes from the operating system's generator.
///
/// # Errors
/// [`NoRandomness`] when the generator is not there, for example in a sandbox without the system
/// call.
pub fn fill(into: &mut [u8]) -> Result<(), NoRandomness> {
    getrandom::fill(into).map_err(|cause| NoRandomness {
        cause: cause.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_fills_differ_and_leave_no_byte_column_at_zero() {
        let mut or = [0u8; 32];
        let mut last = [0u8; 32];
        for _ in 0..32 {
            let mut now = [0u8; 32];
            fill(&mut now).expect("the test machine has a generator");
            assert_ne!(now, last);
            for (sum, byte) in or.iter_mut().zip(now) {
                *sum |= byte;
            }
            last = now;
        }
        assert!(or.iter().all(|byte| *byte != 0));
    }
}
