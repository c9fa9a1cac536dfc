//! VAES with AVX2: two blocks a register.

use super::kernel::kernels;

kernels! {
    "vaes,vpclmulqdq,avx2", __m256i, blocks: 2, load: _mm256_loadu_si256, store: _mm256_storeu_si256, xor: _mm256_xor_si256,
    shift each its own left: _mm256_sllv_epi64, right: _mm256_srlv_epi64,
    by bytes left: _mm256_bslli_epi128, right: _mm256_bsrli_epi128, swap halves: _mm256_shuffle_epi32,
    multiply: _mm256_clmulepi64_epi128,
    encrypt: _mm256_aesenc_epi128, _mm256_aesenclast_epi128, decrypt: _mm256_aesdec_epi128, _mm256_aesdeclast_epi128,
    rows of blocks to columns: turned,
}

/// Rows of blocks become columns, and columns rows.
#[target_feature(enable = "avx2")]
#[inline]
fn turned([a, b]: [__m256i; 2]) -> [__m256i; 2] {
    [
        _mm256_permute2x128_si256::<0x20>(a, b),
        _mm256_permute2x128_si256::<0x31>(a, b),
    ]
}
