//! Standard output for commands: buffered, and quiet when the reader has gone (`clew leads | head`).

use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};

/// Buffered stdout that ends the program when nobody reads any longer.
pub struct Stdout(BufWriter<StdoutLock<'static>>);

impl Default for Stdout {
    fn default() -> Stdout {
        Stdout(BufWriter::new(io::stdout().lock()))
    }
}

fn quiet<T>(result: io::Result<T>) -> io::Result<T> {
    if result.as_ref().is_err_and(|e| e.kind() == ErrorKind::BrokenPipe) {
        std::process::exit(i32::from(crate::error::EXIT_OK));
    }
    result
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        quiet(self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        quiet(self.0.flush())
    }
}
