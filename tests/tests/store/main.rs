//! Drives into storage and out of it, over Microsoft's emulator and a real Samba, with other people's clients as judges.

mod client;
mod comparison;
mod confirm;
mod export;
mod export_pages;
mod export_pulled;
mod faults;
mod followed;
mod handoff;
mod hash_list_export;
mod ingest;
mod ingest_access;
mod ingest_again;
mod ingest_files;
mod ingest_refused;
mod properties;
mod repair_export;
mod repair_import;
mod round_trip;
mod stories;
