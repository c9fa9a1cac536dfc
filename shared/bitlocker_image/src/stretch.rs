//! The key stretch.
