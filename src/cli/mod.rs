//! The command line: one file per subcommand, and one way out for what they print.

pub mod audit;
pub mod doctor;
pub mod explain;
pub mod globals;
pub mod lookup;
pub mod output;
mod read;
