//! Places where a test can make the process die as if it had been killed: `CLEW_FAILPOINT=before_publish`.

/// Ends the process at once when the environment names this point.
pub fn failpoint(name: &str) {
    if std::env::var_os("CLEW_FAILPOINT").is_some_and(|v| v == name) {
        eprintln!("failpoint {name}: ending here as a kill would");
        // Not `exit`: destructors and flushes must not run, as they would not after a kill.
        std::process::abort();
    }
}
