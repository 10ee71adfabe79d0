# Everything that has to pass before a change lands; CI runs the same script.
check:
    .ci/run

# The quick half of it.
quick:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    cargo test --lib

# Rewrites generated documents (docs/tables.md, docs/errors.md) and snapshots.
docs:
    UPDATE_DOCS=1 cargo test --test it docs
