//! Checks of the machine: versions, room on the disk, fonts.

use std::path::Path;
use std::process::Command;

use super::Check;

/// Below this a run is likely to fail half-way.
const FREE_MIB_MIN: u64 = 1024;
/// Below this a squad's records are likely to fill the disk.
const FREE_MIB_COMFORT: u64 = 10 * 1024;

pub(super) fn versions() -> Check {
    Check::ok(
        "versions",
        format!(
            "clew {} (build {}), datafusion {}, arrow {}, deltalake {}, {} {}",
            env!("CARGO_PKG_VERSION"),
            crate::pipeline::BUILD,
            datafusion::DATAFUSION_VERSION,
            arrow::ARROW_VERSION,
            deltalake_core::crate_version(),
            std::env::consts::OS,
            std::env::consts::ARCH,
        ),
    )
}

/// Reports are read in a browser, which needs a font with Chinese characters.
pub(super) fn fonts() -> Check {
    const FIX: &str = "install a font with Chinese characters where reports are read, e.g. `apt install fonts-noto-cjk`";
    match Command::new("fc-list").args([":lang=zh", "family"]).output() {
        Ok(output) if output.status.success() => {
            let fonts = String::from_utf8_lossy(&output.stdout).lines().filter(|l| !l.trim().is_empty()).count();
            match fonts {
                0 => Check::warning("fonts", "no font with Chinese characters", FIX),
                n => Check::ok("fonts", format!("{n} with Chinese characters")),
            }
        }
        _ => Check::warning("fonts", "cannot tell which fonts there are: fc-list does not answer", FIX),
    }
}

pub(super) fn disk(folder: &Path) -> Check {
    match free_mib(folder) {
        Ok(mib) if mib < FREE_MIB_MIN => Check::failed(
            "disk",
            format!("{mib} MiB free"),
            "free some room, or move the workspace to a larger disk: the whole folder can be moved",
        ),
        Ok(mib) if mib < FREE_MIB_COMFORT => Check::warning(
            "disk",
            format!("{mib} MiB free"),
            "the lake needs about as much room as the files that are loaded, twice during a run",
        ),
        Ok(mib) => Check::ok("disk", format!("{} GiB free", mib / 1024)),
        Err(e) => Check::warning("disk", format!("cannot tell how much room there is: {e}"), "look with `df -h` in the workspace"),
    }
}

#[cfg(unix)]
fn free_mib(folder: &Path) -> std::io::Result<u64> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize) / (1024 * 1024))
}

#[cfg(not(unix))]
fn free_mib(_: &Path) -> std::io::Result<u64> {
    Err(std::io::Error::other("not known how on this system"))
}
