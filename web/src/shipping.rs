//! Should I ship? A line against drives, in seconds. Pure: no clock, no price, nothing that the person did not type but
//! the service's own 7 to 10 days.

use crate::words;

/// The service means to have copied a parcel so many days after it came: a target, no promise.
/// Source: azure-import-export.md, 6.5: "upload target 7-10 days after receipt".
pub const SERVICE_DAYS: (u64, u64) = (7, 10);

/// Bytes that one order of rented Data Box Disks takes: five of 7 TB usable. Source: azure-import-export.md, 10 (DBD-limits).
const RENTED_BYTES: u64 = 35_000_000_000_000;
/// Seconds of a day.
const DAY: u64 = 86_400;
/// Points of a curve.
const POINTS: u64 = 48;
/// Break-even is looked for in steps of this...
const STEP: u64 = 1_000_000_000_000;
/// ...up to so many of them.
const STEPS: u64 = 1000;

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
    /// By drives, until the data is there, with the fewer days of the service's target.
    pub drives_short: u64,
    /// By drives, with the more days of its target.
    pub drives_long: u64,
}

/// Which way is quicker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quicker {
    /// The line, whichever days of its target the service takes.
    Line,
    /// Drives, whichever days of its target the service takes.
    Drives,
    /// It depends on the service's days.
    Open,
}

/// One place of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// So much data.
    pub bytes: u64,
    /// Seconds over the line.
    pub line: u64,
    /// Seconds by drives, with the more days of the service's target.
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
    fn line_seconds(&self, bytes: u64) -> u64 {
        rounded_up(u128::from(bytes).saturating_mul(8), self.line_bits)
    }

    /// Returns when the last of these drives is filled and read back, in seconds: each begins as soon as a bay is free,
    /// in the order of the plan.
    fn fill_seconds(&self, used_bytes: impl IntoIterator<Item = u64>) -> u64 {
        let bays = usize::try_from(self.bays).unwrap_or(1).max(1);
        let mut free_at = vec![0_u64; bays];
        for used in used_bytes {
            if let Some(soonest) = free_at.iter_mut().min() {
                *soonest = soonest.saturating_add(drive_seconds(used, self.drive_rate));
            }
        }
        free_at.into_iter().max().unwrap_or(0)
    }

    /// Returns the same for drives of one capacity that are filled to the brim, all but the last: whole rounds of all bays,
    /// then one more drive's time, a full one's where the last round has any.
    fn fill_size_seconds(&self, bytes: u64, capacity: u64) -> u64 {
        let capacity = capacity.max(1);
        let of = |part: u64, whole: u64| {
            let rest = part.checked_rem(whole).unwrap_or(0);
            (part.checked_div(whole).unwrap_or(0), rest)
        };
        let (full, rest) = of(bytes, capacity);
        let (rounds, over) = of(full, self.bays.max(1));
        let last = if over > 0 { capacity } else { rest };
        let before = drive_seconds(capacity, self.drive_rate).saturating_mul(rounds);
        before.saturating_add(drive_seconds(last, self.drive_rate))
    }

    /// Compares both ways for a plan's drives.
    #[must_use]
    pub fn compare(&self, bytes: u64, used_bytes: impl IntoIterator<Item = u64>) -> Compared {
        self.compared(bytes, self.fill_seconds(used_bytes))
    }

    /// Compares both ways for `bytes` on drives that take `capacity` each, filled to the brim.
    #[must_use]
    pub fn compare_size(&self, bytes: u64, capacity: u64) -> Compared {
        self.compared(bytes, self.fill_size_seconds(bytes, capacity))
    }

    fn compared(&self, bytes: u64, fill: u64) -> Compared {
        let courier = self.courier_days.saturating_mul(DAY);
        let before = fill.saturating_add(courier);
        Compared {
            line: self.line_seconds(bytes),
            fill,
            courier,
            drives_short: before.saturating_add(SERVICE_DAYS.0.saturating_mul(DAY)),
            drives_long: before.saturating_add(SERVICE_DAYS.1.saturating_mul(DAY)),
        }
    }

    /// Returns the curve from nothing to `most` bytes.
    #[must_use]
    pub fn curve(&self, most: u64, capacity: u64) -> Vec<Point> {
        let step = most.max(1).div_ceil(POINTS);
        let places = (0..=POINTS).map(|place| step.saturating_mul(place).min(most));
        places.map(|bytes| self.point(bytes, capacity)).collect()
    }

    /// Returns the size from which on, reckoned terabyte by terabyte up to a petabyte, drives are always quicker; none when
    /// the line still is at the end. Drives take time by whole rounds of bays, so the line may win again behind a size at
    /// which it lost: the last size at which it wins is what counts.
    #[must_use]
    pub fn even(&self, capacity: u64) -> Option<u64> {
        let line_wins = |steps: &u64| {
            let point = self.point(STEP.saturating_mul(*steps), capacity);
            point.line <= point.drives
        };
        let last = (1..=STEPS).rev().find(line_wins).unwrap_or(0);
        (last < STEPS).then(|| STEP.saturating_mul(last.saturating_add(1)))
    }

    fn point(&self, bytes: u64, capacity: u64) -> Point {
        let compared = self.compare_size(bytes, capacity);
        Point {
            bytes,
            line: compared.line,
            drives: compared.drives_long,
        }
    }
}

impl Compared {
    /// Returns which way is quicker.
    #[must_use]
    pub const fn quicker(&self) -> Quicker {
        if self.line <= self.drives_short {
            Quicker::Line
        } else if self.line > self.drives_long {
            Quicker::Drives
        } else {
            Quicker::Open
        }
    }

    /// Returns the answer as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let line = words::duration(self.line);
        let (short, long) = (
            words::duration(self.drives_short),
            words::duration(self.drives_long),
        );
        let (from, to) = SERVICE_DAYS;
        let kept = format!("if the service keeps its target of {from} to {to} days");
        match self.quicker() {
            Quicker::Line => {
                format!("Send it over your line: {line}. Drives take {short} to {long}, {kept}.")
            }
            Quicker::Drives => {
                format!("Ship drives: {short} to {long}, {kept}. Your line takes {line}.")
            }
            Quicker::Open => {
                format!("About even: {line} over your line, {short} to {long} by drives, {kept}.")
            }
        }
    }
}

/// Returns what renting drives for this would take, as a sentence.
#[must_use]
pub fn renting(bytes: u64) -> String {
    let orders = bytes.div_ceil(RENTED_BYTES).max(1);
    let limit = words::size(RENTED_BYTES);
    if orders == 1 {
        format!(
            "If it is to go by drive, one order of Data Box Disks (rented from Microsoft: five SSDs, by USB) takes up to \
             {limit}, so all of this."
        )
    } else {
        format!(
            "If it is to go by drive, one order of Data Box Disks (rented from Microsoft: five SSDs, by USB) takes up to \
             {limit}, so this is {} orders.",
            words::count(orders)
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
        assert_eq!(compared.drives_short, 10_000 + 10 * DAY);
        assert_eq!(compared.drives_long, 10_000 + 13 * DAY);
    }

    #[test]
    fn little_goes_over_the_line_and_much_by_drives_and_between_it_is_open() {
        let quicker = |bytes: u64| shipping().compare_size(bytes, 16 * TB).quicker();
        assert_eq!(quicker(TB), Quicker::Line);
        assert_eq!(quicker(130 * TB), Quicker::Open);
        assert_eq!(quicker(400 * TB), Quicker::Drives);
    }

    #[test]
    fn a_full_round_after_the_other_takes_as_long_as_drives_one_by_one() {
        for (bytes, capacity, bays) in [
            (0, 16 * TB, 4),
            (1, 16 * TB, 4),
            (15 * TB, 16 * TB, 4),
            (64 * TB, 16 * TB, 4),
            (64 * TB + 1, 16 * TB, 4),
            (65 * TB, 16 * TB, 4),
            (79 * TB, 16 * TB, 4),
            (81 * TB, 16 * TB, 1),
            (1000 * TB, 7 * TB, 3),
            (1000 * TB, 100_000_000_001, 100),
        ] {
            let shipping = Shipping { bays, ..shipping() };
            let full = usize::try_from(bytes / capacity).expect("few");
            let drives = std::iter::repeat_n(capacity, full).chain([bytes % capacity]);
            assert_eq!(
                shipping.fill_size_seconds(bytes, capacity),
                shipping.fill_seconds(drives),
                "{bytes} on {capacity} in {bays}"
            );
        }
    }

    fn line(megabits: &str) -> Shipping {
        let mut typed = Typed::default();
        typed.set(Field::Line, megabits.to_owned());
        typed.read().expect("well formed")
    }

    #[test]
    fn from_the_even_size_on_drives_are_quicker_and_just_below_they_are_not() {
        for megabits in ["100", "1000", "2000"] {
            let shipping = line(megabits);
            let even = shipping.even(16 * TB).expect("slower at last");
            let quicker = |bytes: u64| shipping.compare_size(bytes, 16 * TB).quicker();
            for terabytes in even / TB..=1000 {
                let found = quicker(terabytes * TB);
                assert_eq!(found, Quicker::Drives, "{terabytes} TB, {megabits} Mbit/s");
            }
            assert_ne!(quicker(even - TB), Quicker::Drives, "{megabits} Mbit/s");
        }
    }

    #[test]
    fn the_curve_goes_from_nothing_to_the_most_and_never_down() {
        let points = shipping().curve(200 * TB, 16 * TB);
        assert_eq!(points.len(), 49);
        assert_eq!((points[0].bytes, points[48].bytes), (0, 200 * TB));
        assert!(points.is_sorted_by_key(|point| point.line));
        assert!(points.is_sorted_by_key(|point| point.drives));
    }

    #[test]
    fn a_line_that_is_quicker_than_all_bays_is_never_overtaken() {
        assert_eq!(line("100000").even(16 * TB), None);
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
    fn one_order_is_said_only_while_it_takes_it_all() {
        assert!(renting(35 * TB).ends_with("so all of this."));
        assert!(renting(35 * TB + 1).ends_with("so this is 2 orders."));
    }

    #[test]
    fn the_days_of_the_service_are_called_its_target_in_every_answer() {
        for terabytes in [1, 130, 400] {
            let sentence = shipping().compare_size(terabytes * TB, 16 * TB).sentence();
            assert!(
                sentence.contains("if the service keeps its target of 7 to 10 days"),
                "{sentence}"
            );
        }
    }
}
