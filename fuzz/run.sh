#!/usr/bin/env bash
# Runs every fuzz target for SECONDS_EACH (600), one after another: fuzz/run.sh [SECONDS_EACH]. Works without nightly and without
# cargo-fuzz: the coverage instrumentation is LLVM's, asked for by flags.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-600}
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
target=$(rustc -vV | sed -n 's/^host: //p')
cargo build --release --target "$target"
[ "$seconds" = 0 ] && exit 0
for name in text jsonl xlsx parquet archive mapping; do
    mkdir -p "corpus/$name" "artifacts/$name" "work/$name"
    # New inputs go to work/, so that the corpus in the repository stays small.
    nice "target/$target/release/$name" "work/$name" "corpus/$name" -max_total_time="$seconds" -max_len=8192 -rss_limit_mb=4096 -timeout=30 \
        -artifact_prefix="artifacts/$name/" -print_final_stats=1 2>"work/$name.log" || { tail -40 "work/$name.log" >&2; echo "$name: FAILED" >&2; exit 1; }
    grep -E "stat::number_of_executed_units|stat::peak_rss_mb" "work/$name.log" | tr '\n' ' '
    echo "$name: $seconds s without a crash"
done
