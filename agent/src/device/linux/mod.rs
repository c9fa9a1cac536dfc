//! Linux: block devices as `/sys` and `/proc` tell of them.

mod block_device;
mod machine;
mod mounts;
mod partitions;

pub(super) use block_device::{Backing, BlockDevice};
pub(super) use machine::Machine;
pub(super) use partitions::forget_partitions;
