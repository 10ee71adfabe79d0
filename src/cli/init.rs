//! `clew init`: makes a workspace.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::output::SummaryArgs;
use crate::config::{FILE, TEMPLATE};
use crate::error::{Context, Error, Result};

/// Make a workspace: a folder with a commented clew.toml
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// Folder of the workspace; made if it does not exist
    #[arg(default_value = ".")]
    dir: PathBuf,
    #[command(flatten)]
    pub(super) output: SummaryArgs,
}

/// What the example query of a new workspace says.
const EXAMPLE_QUERY: &str = include_str!("../../data/examples/queries/evidence/night_calls.sql");

/// Makes the workspace and says what to do next.
pub fn run(args: &InitArgs, out: &mut dyn Write) -> Result<()> {
    make(&args.dir)?;
    let dir = args.dir.display();
    let text = format!("made the workspace {dir}\nnext: clew -w {dir} ingest FILES… && clew -w {dir} run && clew -w {dir} leads\n");
    args.output.write(out, "init", &serde_json::json!({ "workspace": dir.to_string() }), &text)
}

/// Makes the workspace; an existing one is left as it is and is an error.
pub fn make(dir: &Path) -> Result<()> {
    let file = dir.join(FILE);
    if file.exists() {
        return Err(
            Error::usage("E0810", format!("{} is a workspace already", dir.display())).hint("use it with -w, or choose another folder")
        );
    }
    for folder in ["queries/evidence", "mappings"] {
        let path = dir.join(folder);
        std::fs::create_dir_all(&path).usage("E0811", || format!("create {}", path.display()))?;
    }
    std::fs::write(&file, TEMPLATE).usage("E0811", || format!("write {}", file.display()))?;
    let example = dir.join("queries/evidence/night_calls.sql.example");
    std::fs::write(&example, EXAMPLE_QUERY).usage("E0811", || format!("write {}", example.display()))
}
