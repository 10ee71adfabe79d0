//! Flags that every command understands.

use std::path::PathBuf;

use crate::config::{Config, Flags, find_root};
use crate::error::Result;
use crate::lake::Settings;

/// Where and with how much of the machine.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Globals {
    /// Workspace folder [default: the nearest folder upward that holds clew.toml]
    #[arg(long, short = 'w', global = true, value_name = "DIR", env = "CLEW_WORKSPACE")]
    pub workspace: Option<PathBuf>,
    /// Threads to use [default: all cores]
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<usize>,
    /// Memory in MiB that SQL may use before it spills to disk [default: 4096]
    #[arg(long, global = true, value_name = "MIB")]
    pub memory_mb: Option<usize>,
}

impl Globals {
    /// The checked configuration of the workspace that is meant.
    pub fn config(&self) -> Result<Config> {
        let start = self.workspace.clone().unwrap_or_else(|| PathBuf::from("."));
        Config::load(&find_root(&start)?, Flags { threads: self.threads, memory_mb: self.memory_mb })
    }

    /// The same globals, for another workspace.
    pub fn at(&self, workspace: PathBuf) -> Globals {
        Globals { workspace: Some(workspace), ..self.clone() }
    }
}

/// Settings of the SQL engine under a configuration.
pub fn settings(config: &Config) -> Settings {
    Settings { threads: config.threads, memory_mb: config.memory_mb }
}
