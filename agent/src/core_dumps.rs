//! Keys in memory never become a file by accident.

/// Has the kernel never write this process's memory to disk when it crashes, and never let another process of the same
/// user read it (Linux: not dumpable). Source: requirement S13.
///
/// What cannot be set is left: the process is then as safe as any other.
pub fn switch_off() {
    let none = rustix::process::Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    // A limit of zero does not keep a program that collects dumps from getting one; this does.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    #[test]
    fn no_memory_of_ours_is_dumped_or_read_by_others() {
        super::switch_off();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
    }
}
