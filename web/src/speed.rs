//! How fast this browser deciphers a drive: the page's ways beside the plain crate, in one run. Only in the build that
//! `cargo xtask bench page_speed` makes.

use aes::Aes128;
use aes::cipher::KeyInit;
use bitlocker_image::{Cipher, SectorCipher};
use disk::SectorSize;
use serde_json::json;
use wasm_bindgen::JsCast;
use web_sys::WorkerGlobalScope;
use xts_mode::{Xts128, get_tweak_default};

use crate::receiving::Helper;

/// What is deciphered in one go: a piece of a file.
const BYTES: usize = 8 << 20;
const SECTOR: usize = 512;
const ROUNDS: usize = 7;
/// The journal whose key is opened: one stretch of a recovery password.
const JOURNAL: &[u8] = include_bytes!("../../shared/tests/golden/drive-1.jrn");

/// Returns the medians as JSON: MB/s of each way, their ratios in the same rounds to the plain crate, and the
/// milliseconds that checking a journal with its key takes.
#[must_use]
pub fn measure(helper: Option<&Helper>) -> String {
    let key: Vec<u8> = (0..32).collect();
    let stored: Vec<u8> = (0..BYTES).map(pattern).collect();
    let aes = |key: &[u8]| Aes128::new_from_slice(key).ok();
    let (first, second) = key.split_at(16);
    let plain = aes(first).zip(aes(second));
    let ours = SectorCipher::new(Cipher::XtsAes128, &key, SectorSize::B512);
    let (Some((data, tweak)), Ok(ours)) = (plain, ours) else {
        return String::new();
    };
    let plain = Xts128::new(data, tweak);
    let mut rates = [Vec::new(), Vec::new(), Vec::new()];
    let mut ratios = [Vec::new(), Vec::new()];
    let mut equal = true;
    for _ in 0..ROUNDS {
        let (mut one, mut two, mut three) = (stored.clone(), stored.clone(), stored.clone());
        let by_crate = timed(|| plain.decrypt_area(&mut one, SECTOR, 0, get_tweak_default));
        let by_batch = timed(|| ours.decrypt(0, &mut two));
        let mut could = false;
        let by_browser = timed(|| {
            could = helper
                .is_some_and(|helper| ours.decrypt_with(helper.as_ref(), &key, 0, &mut three));
        });
        equal &= one == two && (!could || one == three);
        let times = [by_crate, by_batch, by_browser];
        for (rates, time) in rates.iter_mut().zip(times) {
            rates.push(mb_per_second(time));
        }
        ratios[0].push(by_crate / by_batch);
        ratios[1].push(if could { by_crate / by_browser } else { 0.0 });
    }
    let checks: Vec<f64> = (0..3)
        .map(|_| timed(|| drop(shared::journal::check(JOURNAL, None))))
        .collect();
    let [by_crate, by_batch, by_browser] = rates.map(median);
    let [batch, browser] = ratios.map(median);
    json!({
        "equal": equal,
        "xts_mode_mb_s": by_crate,
        "batches_mb_s": by_batch,
        "browser_mb_s": by_browser,
        "batches_ratio": batch,
        "browser_ratio": browser,
        "key_ms": median(checks),
    })
    .to_string()
}

fn pattern(place: usize) -> u8 {
    place.wrapping_mul(2_654_435_761).to_le_bytes()[2]
}

fn timed(work: impl FnOnce()) -> f64 {
    let start = now();
    work();
    now() - start
}

/// Milliseconds by the worker's own clock.
fn now() -> f64 {
    let scope = js_sys::global().dyn_into::<WorkerGlobalScope>();
    let clock = scope.ok().and_then(|scope| scope.performance());
    clock.map_or(0.0, |clock| clock.now())
}

fn mb_per_second(milliseconds: f64) -> f64 {
    8.388_608 / (milliseconds / 1000.0)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}
