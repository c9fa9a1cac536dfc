//! Routes on loopback.
