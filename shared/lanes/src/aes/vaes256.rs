//! VAES with AVX2: two blocks a register.

use std::arch::x86_64::*;

use super::kernel::kernels;

kernels! {
    "vaes,vpclmulqdq,avx2", __m256i, blocks: 2, xor: _mm256_xor_si256,
    shift each its own left: _mm256_sllv_epi64, right: _mm256_srlv_epi64,
    by bytes left: _mm256_bslli_epi128, right: _mm256_bsrli_epi128, swap halves: _mm256_shuffle_epi32,
    multiply: _mm256_clmulepi64_epi128,
    encrypt: _mm256_aesenc_epi128, _mm256_aesenclast_epi128, decrypt: _mm256_aesdec_epi128, _mm256_aesdeclast_epi128,
}

#[target_feature(enable = "vaes,vpclmulqdq,avx2")]
#[inline]
fn load(memory: &Memory) -> Register {
    const { assert!(size_of::<Memory>() == size_of::<Register>()) };
    // SAFETY: the reference covers as many readable bytes as a register has, and this load asks for no alignment.
    #[expect(unsafe_code, reason = "std::arch loads through a pointer")]
    unsafe {
        _mm256_loadu_si256(memory.as_ptr().cast())
    }
}

#[target_feature(enable = "vaes,vpclmulqdq,avx2")]
#[inline]
fn store(memory: &mut Memory, value: Register) {
    // SAFETY: the exclusive reference covers as many writable bytes as a register has, and this store asks for no
    // alignment.
    #[expect(unsafe_code, reason = "std::arch stores through a pointer")]
    unsafe {
        _mm256_storeu_si256(memory.as_mut_ptr().cast(), value);
    }
}

/// Returns a register with the same block in every place.
#[target_feature(enable = "vaes,vpclmulqdq,avx2")]
#[inline]
fn splat(block: &[u8; 16]) -> Register {
    load(&[*block; BLOCKS])
}
