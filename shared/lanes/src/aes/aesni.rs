//! AES-NI with AVX2: a block a register.

use std::arch::x86_64::*;

use super::kernel::kernels;

kernels! {
    "aes,pclmulqdq,avx2", __m128i, blocks: 1, xor: _mm_xor_si128,
    shift each its own left: _mm_sllv_epi64, right: _mm_srlv_epi64,
    by bytes left: _mm_bslli_si128, right: _mm_bsrli_si128, swap halves: _mm_shuffle_epi32,
    multiply: _mm_clmulepi64_si128,
    encrypt: _mm_aesenc_si128, _mm_aesenclast_si128, decrypt: _mm_aesdec_si128, _mm_aesdeclast_si128,
}

#[target_feature(enable = "aes,pclmulqdq,avx2")]
#[inline]
fn load(memory: &Memory) -> Register {
    const { assert!(size_of::<Memory>() == size_of::<Register>()) };
    // SAFETY: the reference covers as many readable bytes as a register has, and this load asks for no alignment.
    #[expect(unsafe_code, reason = "std::arch loads through a pointer")]
    unsafe {
        _mm_loadu_si128(memory.as_ptr().cast())
    }
}

#[target_feature(enable = "aes,pclmulqdq,avx2")]
#[inline]
fn store(memory: &mut Memory, value: Register) {
    // SAFETY: the exclusive reference covers as many writable bytes as a register has, and this store asks for no
    // alignment.
    #[expect(unsafe_code, reason = "std::arch stores through a pointer")]
    unsafe {
        _mm_storeu_si128(memory.as_mut_ptr().cast(), value);
    }
}

/// Returns a register with the same block in every place.
#[target_feature(enable = "aes,pclmulqdq,avx2")]
#[inline]
fn splat(block: &[u8; 16]) -> Register {
    load(&[*block])
}
