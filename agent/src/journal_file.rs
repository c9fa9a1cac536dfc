//! The journal on disk: append, flush, reopen.
