//! Parses the arguments, calls the library, turns an error into an exit code.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clew::cli::{Cli, Stdout, output};
use clew::error::Context;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: start the runtime: {error}");
            return ExitCode::from(clew::error::EXIT_BUG);
        }
    };
    let mut out = Stdout::default();
    let result = runtime.block_on(cli.run(&mut out));
    let result = result.and_then(|()| out.flush().bug("E0802", || "write the output".into()));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ExitCode::from(output::report(&mut std::io::stderr(), &error, cli.errors_as())),
    }
}
