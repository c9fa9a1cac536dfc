//! Linux: block devices as `/sys` and `/proc` tell of them.

mod block_device;
mod describe;
mod machine;
mod mounts;
mod partitions;

pub(super) use block_device::{Backing, backing_from_start, backing_of};
pub(super) use describe::of_block_device;
pub(super) use machine::Machine;
pub(super) use partitions::forget_partitions;
