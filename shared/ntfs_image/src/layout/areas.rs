//! The order of everything on the volume.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "slots, whose sum is checked against the volume first"
)]

/// What a range of slots is for, in the order in which they follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Area {
    /// Blocks of the root's index on a volume that exists, which is written anew.
    RootIndex,
    /// Which records are in use.
    MftBitmap,
    /// The FILE records.
    Mft,
    /// Index blocks of the folders, each folder's bitmap after them when it does not fit the record.
    Indexes,
    /// `$UpCase`.
    UpCase,
    /// `$AttrDef`.
    AttributeDefinitions,
    /// `$Secure:$SDS`.
    Security,
    /// `$Bitmap`.
    Bitmap,
    /// `$LogFile`.
    LogFile,
    /// `$MFTMirr`.
    Mirror,
    /// The files' data.
    Data,
    /// Nothing: what follows the data.
    Free,
}

/// All but [`Area::Free`], in order.
const ORDER: [Area; 11] = [
    Area::RootIndex,
    Area::MftBitmap,
    Area::Mft,
    Area::Indexes,
    Area::UpCase,
    Area::AttributeDefinitions,
    Area::Security,
    Area::Bitmap,
    Area::LogFile,
    Area::Mirror,
    Area::Data,
];

/// Where each area starts.
#[derive(Clone, Debug)]
pub(super) struct Areas {
    /// First slot of each area of [`ORDER`], then of what is free.
    starts: [u64; 12],
}

impl Areas {
    /// Returns the areas with so many slots each.
    pub(super) fn new(slots: impl Fn(Area) -> u64) -> Self {
        let mut starts = [0; 12];
        let mut next = 0;
        for (place, area) in ORDER.iter().enumerate() {
            starts[place] = next;
            next += slots(*area);
        }
        starts[ORDER.len()] = next;
        Self { starts }
    }

    pub(super) fn start(&self, area: Area) -> u64 {
        self.starts[Self::place(area)]
    }

    pub(super) fn count(&self, area: Area) -> u64 {
        let place = Self::place(area);
        self.starts[place + 1] - self.starts[place]
    }

    /// Returns how many slots are used.
    pub(super) const fn end(&self) -> u64 {
        self.starts[ORDER.len()]
    }

    /// Returns the area of a slot, and the first slot after that area.
    pub(super) fn find(&self, slot: u64) -> (Area, u64) {
        let after = self.starts.partition_point(|start| *start <= slot);
        match (ORDER.get(after - 1), self.starts.get(after)) {
            (Some(area), Some(end)) => (*area, *end),
            _ => (Area::Free, u64::MAX),
        }
    }

    fn place(area: Area) -> usize {
        ORDER
            .iter()
            .position(|other| *other == area)
            .expect("free slots have no area")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_has_one_area() {
        let areas = Areas::new(|area| match area {
            Area::Mft => 5,
            Area::Data => 3,
            Area::UpCase => 0,
            _ => 1,
        });
        assert_eq!(areas.find(0), (Area::RootIndex, 1));
        assert_eq!(areas.find(1), (Area::MftBitmap, 2));
        assert_eq!(areas.find(6), (Area::Mft, 7));
        assert_eq!(areas.find(7), (Area::Indexes, 8));
        assert_eq!(areas.find(8), (Area::AttributeDefinitions, 9));
        assert_eq!(areas.find(areas.end()).0, Area::Free);
        assert_eq!(areas.count(Area::Mft), 5);
    }
}
