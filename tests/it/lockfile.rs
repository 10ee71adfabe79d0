//! One engine, one memory format: two versions of either would mean two incompatible kinds of record batches.

use super::source;

fn versions(name: &str) -> Vec<String> {
    let lock: toml::Table = source::text("Cargo.lock".as_ref()).parse().expect("Cargo.lock is TOML");
    let packages = lock["package"].as_array().expect("Cargo.lock lists packages");
    let named = packages.iter().filter(|p| p["name"].as_str() == Some(name));
    named.map(|p| p["version"].as_str().expect("a package has a version").to_owned()).collect()
}

#[test]
fn there_is_one_datafusion_one_arrow_and_one_parquet() {
    for name in ["datafusion", "datafusion-common", "datafusion-expr", "arrow", "arrow-array", "arrow-schema", "parquet"] {
        let found = versions(name);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
    }
}
