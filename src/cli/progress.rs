//! Progress on stderr: a line that is overwritten, only on a terminal and only once work has taken two seconds.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::pipeline::Progress;

const PATIENCE: Duration = Duration::from_secs(2);

/// Shows which step of a run is at work.
pub struct Steps {
    started: Instant,
    terminal: bool,
    shown: AtomicBool,
}

impl Default for Steps {
    fn default() -> Steps {
        Steps { started: Instant::now(), terminal: std::io::stderr().is_terminal(), shown: AtomicBool::new(false) }
    }
}

impl Progress for Steps {
    fn step(&self, number: usize, of: usize, name: &str) {
        if self.terminal && self.started.elapsed() > PATIENCE {
            self.shown.store(true, Ordering::Relaxed);
            eprint!("\r\x1b[2K[{number}/{of}] {name}");
            // A progress line that cannot be written is no reason to stop.
            let _ = std::io::stderr().flush();
        }
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        if self.shown.load(Ordering::Relaxed) {
            eprint!("\r\x1b[2K");
        }
    }
}
