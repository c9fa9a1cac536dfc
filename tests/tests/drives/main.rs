//! Drives as other people's programs and kernels see them, and as people who start the program do.

mod bench;
mod filled_by_hand;
mod hash_list;
mod kept_keys;
mod opened_by_others;
mod real_drives;
mod received;
mod serve;
mod unplugged;
