//! Which instructions hash.

use std::fmt;

/// A way of hashing that works on this processor: only [`Backend::available`] and [`Backend::best`]
/// make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backend(pub(crate) Kind);

/// The ways there are. A value other than `Scalar` inside a [`Backend`] is the proof that the
/// processor can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 16 lanes; two registers of them when there are enough messages.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 8 lanes; two registers of them when there are enough messages.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// One message after the other.
    Scalar,
}

impl Backend {
    /// Returns every way that works on this processor, fastest first; plain Rust is always the
    /// last.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let all = [
            #[cfg(target_arch = "x86_64")]
            Self(Kind::Avx512),
            #[cfg(target_arch = "x86_64")]
            Self(Kind::Avx2),
            Self(Kind::Scalar),
        ];
        all.into_iter()
            .filter(|backend| backend.0.is_here())
            .collect()
    }

    /// Returns the fastest way that works on this processor.
    #[must_use]
    pub fn best() -> Self {
        let scalar = Self(Kind::Scalar);
        Self::available().first().copied().unwrap_or(scalar)
    }

    /// Returns how many messages at once fill the lanes of a register.
    #[must_use]
    pub const fn lanes(self) -> usize {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => 16,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => 8,
            Kind::Scalar => 1,
        }
    }
}

impl Kind {
    fn is_here(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => std::arch::is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
            Self::Scalar => true,
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "AVX-512, 16 lanes",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "AVX2, 8 lanes",
            Kind::Scalar => "scalar",
        })
    }
}
