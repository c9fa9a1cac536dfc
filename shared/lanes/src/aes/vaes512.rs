//! VAES with AVX-512: four blocks a register.

use super::kernel::kernels;

kernels! {
    "vaes,vpclmulqdq,avx512f,avx512bw", __m512i, blocks: 4, load: _mm512_loadu_si512, store: _mm512_storeu_si512, xor: _mm512_xor_si512,
    shift each its own left: _mm512_sllv_epi64, right: _mm512_srlv_epi64,
    by bytes left: _mm512_bslli_epi128, right: _mm512_bsrli_epi128, swap halves: _mm512_shuffle_epi32,
    multiply: _mm512_clmulepi64_epi128,
    encrypt: _mm512_aesenc_epi128, _mm512_aesenclast_epi128, decrypt: _mm512_aesdec_epi128, _mm512_aesdeclast_epi128,
    rows of blocks to columns: turned,
}

/// Rows of blocks become columns, and columns rows.
#[target_feature(enable = "avx512f")]
#[inline]
fn turned([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    let low = [
        _mm512_shuffle_i32x4::<0x44>(a, b),
        _mm512_shuffle_i32x4::<0x44>(c, d),
    ];
    let high = [
        _mm512_shuffle_i32x4::<0xee>(a, b),
        _mm512_shuffle_i32x4::<0xee>(c, d),
    ];
    [
        _mm512_shuffle_i32x4::<0x88>(low[0], low[1]),
        _mm512_shuffle_i32x4::<0xdd>(low[0], low[1]),
        _mm512_shuffle_i32x4::<0x88>(high[0], high[1]),
        _mm512_shuffle_i32x4::<0xdd>(high[0], high[1]),
    ]
}
