//! AES-NI with AVX2: a block a register.

use super::kernel::kernels;

kernels! {
    "aes,pclmulqdq,avx2", __m128i, blocks: 1, load: _mm_loadu_si128, store: _mm_storeu_si128, xor: _mm_xor_si128,
    shift each its own left: _mm_sllv_epi64, right: _mm_srlv_epi64,
    by bytes left: _mm_bslli_si128, right: _mm_bsrli_si128, swap halves: _mm_shuffle_epi32,
    multiply: _mm_clmulepi64_si128,
    encrypt: _mm_aesenc_si128, _mm_aesenclast_si128, decrypt: _mm_aesdec_si128, _mm_aesdeclast_si128,
    rows of blocks to columns: turned,
}

/// A square of one block is its own.
#[target_feature(enable = "avx2")]
#[inline]
fn turned(square: [__m128i; 1]) -> [__m128i; 1] {
    square
}
