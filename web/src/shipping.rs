//! Should I ship? A line against drives, in seconds. Pure: no clock, no price, nothing that the person did not type but
//! the service's own 7 to 10 days.

use crate::words;

/// The service has copied a parcel so many days after it came, at best and as a rule at worst.
/// Source: azure-import-export.md, 6.5: "upload target 7-10 days after receipt".
pub const SERVICE_DAYS: (u64, u64) = (7, 10);
/// Drives in one job. Source: azure-import-export.md, 6.2.
pub const DRIVES_A_JOB: u64 = 10;
/// Bytes that one order of rented Data Box Disks takes: five of 7 TB usable. Source: azure-import-export.md, 10 (DBD-limits).
pub const RENTED_BYTES: u64 = 35_000_000_000_000;
/// Seconds of a day.
pub const DAY: u64 = 86_400;

/// So many drives are reckoned one by one; more have the same time as this many, per drive.
const DRIVES_MAX: u64 = 4096;
/// Points of a curve.
const POINTS: u64 = 48;
/// Break-even is looked for in steps of this, up to a thousand of them.
const STEP: u64 = 1_000_000_000_000;

/// What a person types, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// Megabits a second that the line takes up.
    pub line: String,
    /// Per cent of it that may be used.
    pub share: String,
    /// Megabytes a second of one drive, writing and reading.
    pub rate: String,
    /// Drives that are filled at once.
    pub bays: String,
    /// Days of the courier.
    pub courier: String,
}

impl Default for Typed {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            line: text("1000"),
            share: text("80"),
            rate: text("200"),
            bays: text("4"),
            courier: text("3"),
        }
    }
}

/// One of the numbers that a person types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The line's speed.
    Line,
    /// How much of it may be used.
    Share,
    /// A drive's speed.
    Rate,
    /// Drives at once.
    Bays,
    /// The courier's days.
    Courier,
}

/// The numbers of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shipping {
    /// Bits a second that the line carries for this.
    pub line_bits: u64,
    /// Bytes a second of one drive.
    pub drive_rate: u64,
    /// Drives that are filled at once.
    pub bays: u64,
    /// Days of the courier.
    pub courier_days: u64,
}

/// Both ways, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Over the line.
    pub line: u64,
    /// Filling and reading back all drives.
    pub fill: u64,
    /// On the road.
    pub courier: u64,
    /// By drives, until the data is there, with the service at its quickest.
    pub drives_soonest: u64,
    /// By drives, with the service as slow as it says.
    pub drives_latest: u64,
}

/// Which way is quicker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quicker {
    /// The line, also against the quickest service.
    Line,
    /// Drives, also with the slowest service.
    Drives,
    /// It depends on the service.
    Open,
}

/// One place of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// So much data.
    pub bytes: u64,
    /// Seconds over the line.
    pub line: u64,
    /// Seconds by drives, with the service as slow as it says.
    pub drives: u64,
}

impl Typed {
    /// Returns one of the texts.
    #[must_use]
    pub fn text(&self, field: Field) -> &str {
        match field {
            Field::Line => &self.line,
            Field::Share => &self.share,
            Field::Rate => &self.rate,
            Field::Bays => &self.bays,
            Field::Courier => &self.courier,
        }
    }

    /// Sets one of the texts.
    pub fn set(&mut self, field: Field, text: String) {
        *match field {
            Field::Line => &mut self.line,
            Field::Share => &mut self.share,
            Field::Rate => &mut self.rate,
            Field::Bays => &mut self.bays,
            Field::Courier => &mut self.courier,
        } = text;
    }

    /// Returns what is wrong with one of them, as a sentence.
    #[must_use]
    pub fn fault(&self, field: Field) -> Option<&'static str> {
        let good = number(self.text(field)).is_some_and(|found| range(field).contains(&found));
        (!good).then_some(match field {
            Field::Line => "A whole number of megabits a second, from 1 to 1,000,000.",
            Field::Share => "A whole number of per cent, from 1 to 100.",
            Field::Rate => "A whole number of megabytes a second, from 1 to 20,000.",
            Field::Bays => "A whole number of drives, from 1 to 100.",
            Field::Courier => "A whole number of days, from 0 to 365.",
        })
    }

    /// Returns a drive's speed in bytes a second; nothing while it is not well formed.
    #[must_use]
    pub fn drive_rate(&self) -> Option<u64> {
        self.number(Field::Rate)?.checked_mul(1_000_000)
    }

    /// Returns the numbers; nothing while one is not well formed.
    #[must_use]
    pub fn read(&self) -> Option<Shipping> {
        let bits = self.number(Field::Line)?.checked_mul(1_000_000)?;
        Some(Shipping {
            line_bits: bits.checked_mul(self.number(Field::Share)?)? / 100,
            drive_rate: self.drive_rate()?,
            bays: self.number(Field::Bays)?,
            courier_days: self.number(Field::Courier)?,
        })
    }

    fn number(&self, field: Field) -> Option<u64> {
        number(self.text(field)).filter(|found| range(field).contains(found))
    }
}

fn number(text: &str) -> Option<u64> {
    text.trim().replace(',', "").parse().ok()
}

const fn range(field: Field) -> std::ops::RangeInclusive<u64> {
    match field {
        Field::Line => 1..=1_000_000,
        Field::Share | Field::Bays => 1..=100,
        Field::Rate => 1..=20_000,
        Field::Courier => 0..=365,
    }
}

/// Returns how long one drive takes, in seconds: written once, read back once.
#[must_use]
pub fn drive_seconds(used_bytes: u64, rate: u64) -> u64 {
    let doubled = u128::from(used_bytes).saturating_mul(2);
    rounded_up(doubled, rate)
}

impl Shipping {
    /// Returns how long the line takes, in seconds.
    #[must_use]
    pub fn line_seconds(&self, bytes: u64) -> u64 {
        rounded_up(u128::from(bytes).saturating_mul(8), self.line_bits)
    }

    /// Returns when the last of these drives is filled and read back, in seconds: each begins as soon as a bay is free,
    /// in the order of the plan.
    #[must_use]
    pub fn fill_seconds(&self, used_bytes: impl IntoIterator<Item = u64>) -> u64 {
        let bays = usize::try_from(self.bays).unwrap_or(1).max(1);
        let mut free_at = vec![0_u64; bays];
        for used in used_bytes {
            if let Some(soonest) = free_at.iter_mut().min() {
                *soonest = soonest.saturating_add(drive_seconds(used, self.drive_rate));
            }
        }
        free_at.into_iter().max().unwrap_or(0)
    }

    /// Compares both ways for a plan's drives.
    #[must_use]
    pub fn compare(&self, bytes: u64, used_bytes: impl IntoIterator<Item = u64>) -> Compared {
        let fill = self.fill_seconds(used_bytes);
        let courier = self.courier_days.saturating_mul(DAY);
        let before = fill.saturating_add(courier);
        Compared {
            line: self.line_seconds(bytes),
            fill,
            courier,
            drives_soonest: before.saturating_add(SERVICE_DAYS.0.saturating_mul(DAY)),
            drives_latest: before.saturating_add(SERVICE_DAYS.1.saturating_mul(DAY)),
        }
    }

    /// Compares both ways for `bytes` on drives that take `capacity` each, filled to the brim.
    #[must_use]
    pub fn compare_size(&self, bytes: u64, capacity: u64) -> Compared {
        let capacity = capacity.max(1);
        let full = bytes.checked_div(capacity).unwrap_or(0);
        let rest = bytes.checked_rem(capacity).unwrap_or(0);
        let shown = full.min(DRIVES_MAX);
        let drives = (0..shown)
            .map(|_| capacity)
            .chain((rest > 0).then_some(rest));
        self.compare(bytes, drives)
    }

    /// Returns the curve from nothing to `most` bytes, and the size from which on drives are quicker even with the
    /// slowest service; none within a thousand terabytes when the line is always as quick.
    #[must_use]
    pub fn curve(&self, most: u64, capacity: u64) -> (Vec<Point>, Option<u64>) {
        let at = |bytes: u64| {
            let compared = self.compare_size(bytes, capacity);
            Point {
                bytes,
                line: compared.line,
                drives: compared.drives_latest,
            }
        };
        let step = most.max(1).div_ceil(POINTS);
        let points = (0..=POINTS)
            .map(|place| at(step.saturating_mul(place).min(most)))
            .collect();
        let wins = |steps: &u64| {
            let point = at(STEP.saturating_mul(*steps));
            point.line > point.drives
        };
        let even = (1..=1000_u64)
            .find(wins)
            .map(|steps| STEP.saturating_mul(steps));
        (points, even)
    }
}

impl Compared {
    /// Returns which way is quicker.
    #[must_use]
    pub const fn quicker(&self) -> Quicker {
        if self.line <= self.drives_soonest {
            Quicker::Line
        } else if self.line > self.drives_latest {
            Quicker::Drives
        } else {
            Quicker::Open
        }
    }

    /// Returns the answer as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let line = words::duration(self.line);
        let (soonest, latest) = (
            words::duration(self.drives_soonest),
            words::duration(self.drives_latest),
        );
        match self.quicker() {
            Quicker::Line => {
                format!("Send it over your line: {line}. Drives take {soonest} at best.")
            }
            Quicker::Drives => {
                format!("Ship drives: {soonest} to {latest}. Your line takes {line}.")
            }
            Quicker::Open => {
                format!("About even: {line} over your line, {soonest} to {latest} by drives.")
            }
        }
    }
}

/// Returns the number of jobs that so many drives make.
#[must_use]
pub const fn jobs(drives: u64) -> u64 {
    drives.div_ceil(DRIVES_A_JOB)
}

/// Returns how renting stands to this, as a sentence.
#[must_use]
pub fn renting(bytes: u64) -> String {
    let orders = bytes.div_ceil(RENTED_BYTES).max(1);
    let limit = words::size(RENTED_BYTES);
    if orders == 1 {
        format!(
            "Renting is easier here: one order of Data Box Disks takes {limit} (five SSDs, by USB). Microsoft sends them, \
             so there are no drives to buy and none to choose wrongly."
        )
    } else {
        format!(
            "One order of Data Box Disks takes {limit}, so this is {orders} orders. Larger boxes can be rented as well; \
             where you have no drives yet, compare what they cost where you are."
        )
    }
}

fn rounded_up(part: u128, rate: u64) -> u64 {
    u64::try_from(part.div_ceil(u128::from(rate.max(1)))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const TB: u64 = 1_000_000_000_000;

    fn shipping() -> Shipping {
        Typed::default()
            .read()
            .expect("the defaults are well formed")
    }

    #[test]
    fn a_terabyte_over_eight_hundred_megabits_takes_ten_thousand_seconds() {
        assert_eq!(shipping().line_bits, 800_000_000);
        assert_eq!(shipping().line_seconds(TB), 10_000);
    }

    #[test]
    fn a_drive_is_written_once_and_read_once() {
        assert_eq!(drive_seconds(TB, 200_000_000), 10_000);
        assert_eq!(drive_seconds(1, 200_000_000), 1, "never no time at all");
    }

    #[test]
    fn a_fifth_drive_waits_for_one_of_four_bays() {
        let five = [TB, TB, TB, TB, TB];
        assert_eq!(shipping().fill_seconds(five), 20_000);
        assert_eq!(shipping().fill_seconds([TB, 3 * TB, TB, TB, TB]), 30_000);
        assert_eq!(shipping().fill_seconds([]), 0);
    }

    #[test]
    fn drives_take_the_courier_and_the_services_seven_to_ten_days_as_well() {
        let compared = shipping().compare(TB, [TB]);
        assert_eq!(compared.drives_soonest, 10_000 + 10 * DAY);
        assert_eq!(compared.drives_latest, 10_000 + 13 * DAY);
    }

    #[test]
    fn little_goes_over_the_line_and_much_by_drives_and_between_it_is_open() {
        let quicker = |bytes: u64| shipping().compare_size(bytes, 16 * TB).quicker();
        assert_eq!(quicker(TB), Quicker::Line);
        assert_eq!(quicker(130 * TB), Quicker::Open);
        assert_eq!(quicker(400 * TB), Quicker::Drives);
    }

    #[test]
    fn from_the_even_size_on_drives_are_quicker_and_just_below_they_are_not() {
        let (points, even) = shipping().curve(200 * TB, 16 * TB);
        let even = even.expect("a line of 800 Mbit/s is slower at last");
        let quicker = |bytes: u64| shipping().compare_size(bytes, 16 * TB).quicker();
        assert_eq!(quicker(even), Quicker::Drives);
        assert_ne!(quicker(even - TB), Quicker::Drives);
        assert_eq!(points.len(), 49);
        assert_eq!((points[0].bytes, points[48].bytes), (0, 200 * TB));
        assert!(points.is_sorted_by_key(|point| point.line));
    }

    #[test]
    fn a_line_that_is_quicker_than_all_bays_is_never_overtaken() {
        let mut typed = Typed::default();
        typed.set(Field::Line, "100000".to_owned());
        let shipping = typed.read().expect("well formed");
        assert_eq!(shipping.curve(200 * TB, 16 * TB).1, None);
    }

    #[test]
    fn what_is_no_number_in_its_range_is_told_and_nothing_is_reckoned_with_it() {
        for (field, text) in [
            (Field::Line, "0"),
            (Field::Share, "101"),
            (Field::Rate, "fast"),
            (Field::Bays, ""),
            (Field::Courier, "-1"),
        ] {
            let mut typed = Typed::default();
            typed.set(field, text.to_owned());
            assert!(typed.fault(field).is_some(), "{text}");
            assert_eq!(typed.read(), None, "{text}");
        }
        let mut typed = Typed::default();
        typed.set(Field::Line, " 1,000 ".to_owned());
        assert_eq!(typed.fault(Field::Line), None);
    }

    #[test]
    fn eleven_drives_are_two_jobs() {
        assert_eq!((jobs(0), jobs(10), jobs(11)), (0, 1, 2));
    }

    #[test]
    fn renting_is_called_easier_only_while_one_order_takes_it_all() {
        assert!(renting(35 * TB).starts_with("Renting is easier"));
        assert!(renting(35 * TB + 1).contains("2 orders"));
    }
}
