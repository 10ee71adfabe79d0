#!/usr/bin/env bash
# How long scoring takes with a million candidate pairs: makes a county, adds a query that pairs every case with thousands of phones, runs
# everything, and prints the time of the step `score` (reading, projecting, fitting or choosing the model, scoring, reasons, writing).
# usage: benches/million_pairs.sh [PROGRAM]
set -euo pipefail
cd "$(dirname "$0")/.."
clew=${1:-target/release/clew}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$clew" synth --seed 1 --population 20000 --days 30 --out "$folder/world" > "$folder/made.json"
"$clew" init "$folder/w"
"$clew" -w "$folder/w" ingest "$folder/world" > "$folder/loaded.txt"
cp benches/million_pairs.sql "$folder/w/queries/evidence/million_pairs.sql"
# The model is given: fitting is no part of the measurement.
echo 'lead_model = "shipped"' >> "$folder/w/clew.toml"
"$clew" -w "$folder/w" --threads 2 run
grep -A 12 '"step": "score"' "$folder"/w/runs/*.json
