//! Linux: block devices as `/sys` and `/proc` tell of them.

mod ata;
mod block_device;
mod boots;
mod describe;
mod identity;
mod kept;
mod machine;
mod mounts;
mod partitions;
#[cfg(test)]
mod sample;
mod stack;

pub(super) use block_device::{backing_from_start, backing_of};
pub(super) use describe::{of_block_device, twins_of};
pub(super) use kept::devices_under;
pub(super) use machine::Machine;
pub(super) use partitions::forget_partitions;
