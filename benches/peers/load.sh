#!/usr/bin/env bash
# Loading beside DuckDB: load.sh [ROWS]. Makes the files (once, below WORK), loads each with both, prints rows per second and peak memory,
# and loads a tenth of the rows to see whether memory grows. Needs a release build and a Python with duckdb (PYTHON).
set -euo pipefail
cd "$(dirname "$0")/../.."
rows=${1:-10000000}
work=${WORK:-target/load}
python=${PYTHON:-python3}
clew=$(realpath "${CLEW:-target/release/clew}")
mkdir -p "$work"
[ -d "$work/world" ] || "$clew" synth --seed 11 --population 40000 --days 60 --world county --out "$work/world" >/dev/null
make_rows() { [ -s "$work/$1.csv" ] || python3 benches/peers/carrier_rows.py "$work/world" "$1" "$work/$1.csv" "$work/$1.utf8.csv"; }
measure() { # seconds and peak memory of a command
    /usr/bin/env python3 - "$@" <<'PY'
import resource, subprocess, sys, time
started = time.monotonic()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True)
seconds = time.monotonic() - started
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.stdout.strip())
print(f"clew: {seconds:.1f} s wall, {used.ru_utime + used.ru_stime:.1f} s processor, peak {used.ru_maxrss / 1024:,.0f} MB, exit {done.returncode}")
PY
}
for n in $((rows / 10)) "$rows"; do
    make_rows "$n"
    rm -rf "$work/lake-$n"
    "$clew" init "$work/lake-$n" >/dev/null
    echo "== $n rows, $(stat -c %s "$work/$n.csv") bytes"
    measure "$clew" -w "$work/lake-$n" ingest "$work/$n.csv"
    rm -rf "$work/lake-$n" "$work/$n.parquet"
    "$python" benches/peers/duckdb_load.py "$work/$n.utf8.csv" "$work/$n.parquet"
    rm -f "$work/$n.parquet"
done
