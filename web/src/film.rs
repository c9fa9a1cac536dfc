//! A listing to try the page with: a film of 200 TB, made up and always the same. Forty camera rolls, their proxies, the
//! sound, and visual effects plates, a file a frame; a few names that Windows cannot hold.

use ntfs_image::FileTime;
use shared::plan::{Kind, Listing, ListingError};

/// What the page calls it.
pub const NAME: &str = "a film of 200 TB (made up)";

/// Camera units, with the rolls of each.
const UNITS: [(char, u64); 3] = [('A', 20), ('B', 14), ('C', 6)];
/// Shots with plates.
const SHOTS: u64 = 160;
/// Days with sound.
const SOUND_DAYS: u64 = 48;
/// 6 October 2025, 06:00 UTC: the first day.
const FIRST_DAY: i64 = 1_759_730_400;

/// Makes the listing.
///
/// # Errors
/// [`ListingError`] never, as it is far from full.
pub fn listing() -> Result<Listing, ListingError> {
    let mut film = Film {
        listing: Listing::new(),
        noise: 0x00A2_605C_0F11_E5D1,
    };
    let clips = film.camera()?;
    film.proxies(&clips)?;
    film.sound()?;
    film.plates()?;
    film.papers()?;
    Ok(film.listing)
}

struct Film {
    listing: Listing,
    noise: u64,
}

/// A clip of the camera: its roll, its name without the ending, its bytes, the day it was shot.
struct Clip {
    roll: String,
    name: String,
    bytes: u64,
    day: u64,
}

impl Film {
    /// Rolls of the cameras: clips of 20 to 140 GB, a roll of about 4.2 TB.
    fn camera(&mut self) -> Result<Vec<Clip>, ListingError> {
        let mut clips = Vec::new();
        for (unit, rolls) in UNITS {
            for roll in 1..=rolls {
                let name = format!("{unit}{roll:03}");
                let mut left = self.between(3_955_000_000_000, 4_455_000_000_000);
                let mut number = 1_u64;
                while left > 140_000_000_000 {
                    let bytes = self.between(20_000_000_000, 140_000_000_000);
                    left = left.saturating_sub(bytes);
                    clips.push(Clip {
                        roll: name.clone(),
                        name: format!("{name}C{number:03}_2510"),
                        bytes,
                        day: roll,
                    });
                    number = number.saturating_add(1);
                }
            }
        }
        for clip in &clips {
            let unit = clip.roll.get(..1).unwrap_or_default();
            let path = format!("film/camera {unit}/{}/{}.mxf", clip.roll, clip.name);
            self.file(&path, clip.bytes, clip.day)?;
        }
        Ok(clips)
    }

    /// A small picture of every clip: a fortieth of its bytes.
    fn proxies(&mut self, clips: &[Clip]) -> Result<(), ListingError> {
        for clip in clips {
            let path = format!("film/proxies/{}/{}_proxy.mov", clip.roll, clip.name);
            self.file(&path, clip.bytes / 40, clip.day)?;
        }
        Ok(())
    }

    /// Takes of every day, 24 bits at 96 kHz on up to sixteen tracks; and a track that somebody called aux.
    fn sound(&mut self) -> Result<(), ListingError> {
        for day in 1..=SOUND_DAYS {
            for take in 1..=44_u64 {
                let bytes = self.between(180_000_000, 1_400_000_000);
                self.file(
                    &format!("film/sound/day {day:02}/T{take:03}.wav"),
                    bytes,
                    day,
                )?;
            }
        }
        self.file("film/sound/day 07/aux.wav", 212_000_000, 7)
    }

    /// Plates: a file a frame.
    fn plates(&mut self) -> Result<(), ListingError> {
        for shot in 1..=SHOTS {
            let scene = shot / 4;
            let frames = self.between(300, 900);
            let bytes = self.between(290_000_000, 310_000_000);
            for frame in 1001..frames.saturating_add(1001) {
                let path = format!(
                    "film/vfx plates/sc{scene:03}/sc{scene:03}_{shot:04}_bg/sc{scene:03}_{shot:04}_bg.{frame}.exr"
                );
                self.file(&path, bytes, shot / 4)?;
            }
        }
        Ok(())
    }

    /// What lies beside: some names are good anywhere but on Windows.
    fn papers(&mut self) -> Result<(), ListingError> {
        for (path, bytes) in [
            ("film/editorial/director's cut v7.aaf", 48_000_000),
            ("film/editorial/why is reel 3 so long?.txt", 1_912),
            ("film/editorial/cut 12:40 final.edl", 88_210),
            ("film/editorial/notes.", 702),
            ("film/editorial/script, shooting draft.pdf", 1_204_113),
        ] {
            self.file(path, bytes, 48)?;
        }
        Ok(())
    }

    fn file(&mut self, path: &str, bytes: u64, day: u64) -> Result<(), ListingError> {
        let days = i64::try_from(day).unwrap_or(0).saturating_mul(86_400);
        let modified = FileTime::from_unix(FIRST_DAY.saturating_add(days), 0);
        self.listing.push(path, bytes, modified, Kind::File)?;
        Ok(())
    }

    /// Returns a number from `least` to below `most`: a xorshift, so that the film is the same everywhere.
    fn between(&mut self, least: u64, most: u64) -> u64 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 7;
        self.noise ^= self.noise << 17;
        let width = most.saturating_sub(least).max(1);
        least.saturating_add(self.noise.checked_rem(width).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_film_is_two_hundred_terabytes_on_forty_rolls() {
        let listing = listing().expect("small");
        let files = || listing.iter().map(|(_, entry)| entry);
        let bytes: u64 = files().map(|entry| entry.bytes).sum();
        let gigabytes = bytes / 1_000_000_000;
        assert!((198_000..202_000).contains(&gigabytes), "{gigabytes} GB");
        let rolls: BTreeSet<&str> = files()
            .filter_map(|entry| entry.path.folder?.strip_prefix("film/camera "))
            .filter_map(|path| path.split('/').nth(1))
            .collect();
        assert_eq!(rolls.len(), 40);
        assert!(listing.len() > 50_000, "{}", listing.len());
    }

    #[test]
    fn the_film_is_the_same_every_time() {
        let (one, other) = (listing().expect("small"), listing().expect("small"));
        assert!(one.iter().eq(other.iter()));
    }
}
