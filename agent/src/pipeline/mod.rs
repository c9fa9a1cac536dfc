//! One ascending pass over one drive.
