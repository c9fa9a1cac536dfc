//! Keys in memory never become bytes of a swap file.

/// Has the kernel keep in memory what this process touches, where it may lock as much as it likes: as root, and as the
/// person that a root part started. Returns whether it is so. Source: requirement S13.
///
/// Where a limit stands (64 KiB or 8 MiB for a person on most systems) nothing is locked: the keys are in memory that the
/// allocator gave out, and what went beyond the limit would be refused to the work itself.
#[cfg(target_os = "linux")]
pub fn lock() -> bool {
    use rustix::mm::{MlockAllFlags, mlockall};
    if !may_lock_all() {
        return false;
    }
    // Only what is touched: most of a thread's stack never is.
    let touched = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    mlockall(touched).is_ok()
}

/// There is no such call that is known to hold.
#[cfg(not(target_os = "linux"))]
pub const fn lock() -> bool {
    false
}

/// Lifts the limit of this process and of those that it starts, where it may.
///
/// What cannot be lifted stands: see [`lock`].
#[cfg(target_os = "linux")]
pub fn lift_limit() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: None,
        maximum: None,
    };
    let _ = setrlimit(Resource::Memlock, none);
}

#[cfg(target_os = "linux")]
fn may_lock_all() -> bool {
    use rustix::process::{Resource, getrlimit};
    use rustix::thread::{CapabilitySet, capabilities};
    let has_right =
        capabilities(None).is_ok_and(|has| has.effective.contains(CapabilitySet::IPC_LOCK));
    has_right || getrlimit(Resource::Memlock).current.is_none()
}
