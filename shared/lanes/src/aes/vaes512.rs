//! VAES with AVX-512: four blocks a register.

use std::arch::x86_64::*;

use super::kernel::kernels;

kernels! {
    "vaes,vpclmulqdq,avx512f,avx512bw", __m512i, blocks: 4, xor: _mm512_xor_si512,
    shift each its own left: _mm512_sllv_epi64, right: _mm512_srlv_epi64,
    by bytes left: _mm512_bslli_epi128, right: _mm512_bsrli_epi128, swap halves: _mm512_shuffle_epi32,
    multiply: _mm512_clmulepi64_epi128,
    encrypt: _mm512_aesenc_epi128, _mm512_aesenclast_epi128, decrypt: _mm512_aesdec_epi128, _mm512_aesdeclast_epi128,
}

#[target_feature(enable = "vaes,vpclmulqdq,avx512f,avx512bw")]
#[inline]
fn load(memory: &Memory) -> Register {
    const { assert!(size_of::<Memory>() == size_of::<Register>()) };
    // SAFETY: the reference covers as many readable bytes as a register has, and this load asks for no alignment.
    #[expect(unsafe_code, reason = "std::arch loads through a pointer")]
    unsafe {
        _mm512_loadu_si512(memory.as_ptr().cast())
    }
}

#[target_feature(enable = "vaes,vpclmulqdq,avx512f,avx512bw")]
#[inline]
fn store(memory: &mut Memory, value: Register) {
    // SAFETY: the exclusive reference covers as many writable bytes as a register has, and this store asks for no
    // alignment.
    #[expect(unsafe_code, reason = "std::arch stores through a pointer")]
    unsafe {
        _mm512_storeu_si512(memory.as_mut_ptr().cast(), value);
    }
}

/// Returns a register with the same block in every place.
#[target_feature(enable = "vaes,vpclmulqdq,avx512f,avx512bw")]
#[inline]
fn splat(block: &[u8; 16]) -> Register {
    load(&[*block; BLOCKS])
}
