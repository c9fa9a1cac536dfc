//! The boot sector.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "sizes that the spec's checks bound"
)]

use zerocopy::IntoBytes;

use crate::boot_sector::{BootSector, OEM_ID, code_size};
use crate::layout::areas::Area;
use crate::layout::index_tree::BLOCK_BYTES;
use crate::layout::number::{index, narrow, short, wide};
use crate::layout::volume::NtfsLayout;

impl NtfsLayout {
    /// Writes the part of the boot sector at byte `sector_at` that lies in `into`, which starts at byte `at`.
    pub(super) fn render_boot(&self, at: u64, sector_at: u64, into: &mut [u8]) {
        let end = at + wide(into.len());
        let sector = self.boot_sector();
        let bytes = sector.as_bytes();
        let from = at.max(sector_at);
        let to = end.min(sector_at + wide(bytes.len()));
        if from < to {
            into[index(from - at)..index(to - at)]
                .copy_from_slice(&bytes[index(from - sector_at)..index(to - sector_at)]);
        }
    }

    fn boot_sector(&self) -> BootSector {
        let (spec, shape) = (&self.plan.spec, &self.plan.shape);
        let first_cluster = |area| self.plan.spans.cluster(self.plan.areas.start(area));
        let sectors = shape.cluster_bytes / shape.sector_bytes;
        let mut code = [0; 426];
        code[..STUB.len()].copy_from_slice(&STUB);
        BootSector {
            jump: [0xeb, 0x52, 0x90],
            oem_id: OEM_ID,
            bytes_per_sector: short(shape.sector_bytes).into(),
            sectors_per_cluster: u8::try_from(sectors).expect("at most 128 sectors a cluster"),
            fat_fields: [0; 7],
            media: 0xf8,
            sectors_per_table: 0.into(),
            sectors_per_track: 63.into(),
            heads: 255.into(),
            hidden_sectors: narrow(spec.start_lba & u64::from(u32::MAX)).into(),
            total_sectors_fat: 0.into(),
            drive: [0x80, 0, 0x80, 0],
            total_sectors: (spec.bytes / shape.sector_bytes - 1).into(),
            mft_cluster: first_cluster(Area::Mft).into(),
            mirror_cluster: first_cluster(Area::Mirror).into(),
            record_size: code_size(shape.record_bytes, shape.cluster_bytes),
            record_size_pad: [0; 3],
            index_block_size: code_size(BLOCK_BYTES, shape.cluster_bytes),
            index_block_size_pad: [0; 3],
            serial: spec.serial.into(),
            checksum: 0.into(),
            code,
            signature: [0x55, 0xaa],
        }
    }
}

/// `int 18h` (nothing to boot here), then a jump to itself.
const STUB: [u8; 4] = [0xcd, 0x18, 0xeb, 0xfe];
