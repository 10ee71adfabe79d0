#!/usr/bin/env bash
# How long a run takes, and with how much memory, as cases and calls grow: metros of 200,000 people and 90 days with all their records, and
# registers of cases alone, in one workspace. Prints, per size, cases and call rows, the time of every step, and the peak memory of the run.
# usage: benches/hundred_thousand.sh PROGRAM FOLDER [MEMORY_MB] [SIZES...]     a size is METROS:REGISTERS; by default 1:4 2:8 4:16
set -euo pipefail
clew=$1 folder=$2 memory=${3:-4096}
shift $(($# < 3 ? $# : 3))
sizes=("$@")
((${#sizes[@]})) || sizes=(1:4 2:8 4:16)
mkdir -p "$folder"
for size in "${sizes[@]}"; do
    metros=${size%:*} registers=${size#*:}
    rm -rf "$folder/w"
    "$clew" init "$folder/w" > "$folder/init.txt"
    for ((i = 0; i < metros + registers; i++)); do
        shape=(--population 200000 --days 90)
        ((i < metros)) || shape=(--population 200000 --days 90 --register-only)
        rm -rf "$folder/in"
        "$clew" synth --world metro "${shape[@]}" --seed $((401 + i)) --out "$folder/in" > "$folder/synth.txt"
        "$clew" -w "$folder/w" ingest "$folder/in" > "$folder/ingest.txt"
    done
    rm -rf "$folder/in"
    "$clew" -w "$folder/w" sql "select (select count(*) from records.cases) as cases, (select count(*) from records.calls) as call_rows"
    status=0
    /usr/bin/time -f "run of $size: %e s, peak %M KB" "$clew" -w "$folder/w" run --memory-mb "$memory" > "$folder/run.txt" 2> "$folder/run.err" || status=$?
    tail -n 1 "$folder/run.err"
    ((status == 0)) || { tail -n 5 "$folder/run.err"; exit "$status"; }
    python3 -c 'import json, sys
for step in json.load(open(sys.argv[1]))["steps"]: print("%-32s %8.1f s" % (step["step"], step["duration_ms"] / 1000))' "$folder"/w/runs/*.json
done
