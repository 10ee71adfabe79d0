//! `clew.toml`: found upward from where one stands, read raw, checked once, and able to say where each value came from.
//!
//! Precedence: flag, then environment (`CLEW_<SECTION>_<KEY>`), then the file, then the built-in default. Unknown keys fail.

mod params;
mod raw;

pub use params::{Param, Params};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Context, Error, Result};
use raw::Raw;

/// Name of the file that marks a workspace.
pub const FILE: &str = "clew.toml";

/// What `clew init` writes.
pub const TEMPLATE: &str = include_str!("clew.toml");

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum Origin {
    /// Built into clew.
    Default,
    /// The workspace's `clew.toml`.
    File,
    /// An environment variable.
    Environment,
    /// A command-line flag.
    Flag,
}

/// The checked configuration of a workspace.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder that holds `clew.toml`.
    pub root: PathBuf,
    /// Offset of local time from UTC for files that do not say, in minutes; none: such files are rejected.
    pub utc_offset_min: Option<i32>,
    /// Threads to use; at least one.
    pub threads: usize,
    /// Memory the SQL engine may use before it spills, in MiB.
    pub memory_mb: usize,
    /// Parameters for queries and analyses that the workspace sets.
    pub params: Params,
    /// Where each value came from, by `section.key`.
    pub origins: BTreeMap<String, (String, Origin)>,
}

/// Values given on the command line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags {
    /// `--threads`.
    pub threads: Option<usize>,
    /// `--memory-mb`.
    pub memory_mb: Option<usize>,
}

/// The nearest folder from `start` upward that holds a `clew.toml`.
pub fn find_root(start: &Path) -> Result<PathBuf> {
    let start = start.canonicalize().usage("E0001", || format!("find the folder {}", start.display()))?;
    start.ancestors().find(|dir| dir.join(FILE).is_file()).map(Path::to_path_buf).ok_or_else(|| {
        Error::usage("E0002", format!("no {FILE} here or in any folder above")).hint(
            "`clew init DIR` makes a workspace; `clew demo` shows everything on synthetic data; or go into a workspace, or name it with --workspace",
        )
    })
}

impl Config {
    /// Reads and checks the workspace's configuration.
    pub fn load(root: &Path, flags: Flags) -> Result<Config> {
        let file = root.join(FILE);
        let text = std::fs::read_to_string(&file).usage("E0003", || format!("read {}", file.display()))?;
        Self::check(root, raw::parse(&text).map_err(|e| e.file(&file))?, flags, &|name| std::env::var(name).ok())
    }

    fn check(root: &Path, raw: Raw, flags: Flags, env: &dyn Fn(&str) -> Option<String>) -> Result<Config> {
        let mut origins = BTreeMap::new();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = layered("run.threads", flags.threads, env, raw.run.threads, cores, &mut origins)?;
        let memory_mb = layered("run.memory_mb", flags.memory_mb, env, raw.run.memory_mb, 4096, &mut origins)?;
        if threads == 0 {
            return Err(Error::usage("E0004", "run.threads is 0").hint("use 1 or more, or leave it out for all cores"));
        }
        if memory_mb < 64 {
            return Err(Error::usage("E0004", format!("run.memory_mb is {memory_mb}")).hint("the SQL engine needs at least 64"));
        }
        let utc_offset_min = match raw.ingest.utc_offset_min {
            Some(min) if !(-14 * 60..=14 * 60).contains(&min) => {
                return Err(Error::usage("E0004", format!("ingest.utc_offset_min is {min}")).hint("minutes from UTC, for China 480"));
            }
            other => other,
        };
        if let Some(min) = utc_offset_min {
            origins.insert("ingest.utc_offset_min".into(), (min.to_string(), Origin::File));
        }
        for (name, value) in raw.params.iter() {
            origins.insert(format!("params.{name}"), (value.to_string(), Origin::File));
        }
        Ok(Config { root: root.to_path_buf(), utc_offset_min, threads, memory_mb, params: raw.params, origins })
    }
}

/// A count from flag, environment, file or default, in that order.
fn layered(
    key: &str,
    flag: Option<usize>,
    env: &dyn Fn(&str) -> Option<String>,
    file: Option<usize>,
    default: usize,
    origins: &mut BTreeMap<String, (String, Origin)>,
) -> Result<usize> {
    let variable = format!("CLEW_{}", key.replace('.', "_").to_uppercase());
    let from_env = match env(&variable) {
        Some(text) => Some(text.parse::<usize>().usage("E0005", || format!("read {variable}={text} as a whole number"))?),
        None => None,
    };
    let (value, origin) = match (flag, from_env, file) {
        (Some(v), _, _) => (v, Origin::Flag),
        (_, Some(v), _) => (v, Origin::Environment),
        (_, _, Some(v)) => (v, Origin::File),
        _ => (default, Origin::Default),
    };
    origins.insert(key.into(), (value.to_string(), origin));
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, flags: Flags, env: &[(&str, &str)]) -> Result<Config> {
        let lookup = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string());
        Config::check(Path::new("."), raw::parse(text)?, flags, &lookup)
    }

    #[test]
    fn a_flag_beats_the_environment_which_beats_the_file() {
        let text = "[run]\nthreads = 3\n";
        let flags = Flags { threads: Some(5), memory_mb: None };
        assert_eq!(load(text, flags, &[("CLEW_RUN_THREADS", "4")]).unwrap().threads, 5);
        let from_env = load(text, Flags::default(), &[("CLEW_RUN_THREADS", "4")]).unwrap();
        assert_eq!((from_env.threads, from_env.origins["run.threads"].1), (4, Origin::Environment));
        assert_eq!(load(text, Flags::default(), &[]).unwrap().threads, 3);
    }

    #[test]
    fn an_unknown_key_fails_and_names_the_key() {
        let error = load("[run]\nthread = 3\n", Flags::default(), &[]).unwrap_err().to_string();
        assert!(error.contains("thread"), "{error}");
    }

    #[test]
    fn a_zone_off_the_globe_fails() {
        assert!(load("[ingest]\nutc_offset_min = 4800\n", Flags::default(), &[]).is_err());
    }

    #[test]
    fn the_template_is_a_valid_configuration() {
        assert_eq!(load(TEMPLATE, Flags::default(), &[]).unwrap().utc_offset_min, Some(480));
    }
}
