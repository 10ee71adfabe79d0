//! The command line: one file per subcommand, and one way out for what they print.

pub mod output;
