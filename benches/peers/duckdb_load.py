#!/usr/bin/env python3
"""DuckDB reads a UTF-8 CSV as text and writes Parquet with zstd: duckdb_load.py FILE.utf8.csv OUT.parquet [THREADS]"""
import resource
import sys
import time

import duckdb

file, out = sys.argv[1], sys.argv[2]
threads = int(sys.argv[3]) if len(sys.argv) > 3 else 2
con = duckdb.connect()
con.execute(f"set threads = {threads}")
started = time.monotonic()
# Rows of another width and broken quotes are passed over rather than failed on: the peer gets the easier task.
con.execute(
    f"copy (select * from read_csv('{file}', all_varchar = true, header = true, delim = ',', quote = '\"', null_padding = true, ignore_errors = true)) "
    f"to '{out}' (format parquet, compression zstd)"
)
seconds = time.monotonic() - started
rows = con.execute(f"select count(*) from '{out}'").fetchone()[0]
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"duckdb {duckdb.__version__}: {rows} rows in {seconds:.1f} s, {rows / seconds:,.0f} rows/s, peak {peak_mb:,.0f} MB")
