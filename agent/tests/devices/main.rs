//! Drives on this machine: image files and loop devices, looked at, refused, erased and read back.
//!
//! What needs root (loop devices) or a tool says so and is skipped without it.
#![cfg(target_os = "linux")]

mod image_files;
mod loop_devices;
mod support;
