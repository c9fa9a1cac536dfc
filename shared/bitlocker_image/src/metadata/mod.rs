//! The information area: what is in it, and its bytes.
