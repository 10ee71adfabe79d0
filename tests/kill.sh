#!/usr/bin/env bash
# Kills clew during ingest and run, at random moments and right before and after each publish, and then lets it finish: the
# exported lead list must have the SHA-256 of an undisturbed run. `--short`: 4 random kills instead of 20.
set -euo pipefail
cd "$(dirname "$0")/.."
kills=20
[ "${1:-}" = "--short" ] && kills=4
clew=${CLEW:-target/debug/clew}
[ -x "$clew" ] || { echo "kill.sh: $clew is missing: run 'cargo build' first" >&2; exit 2; }
clew=$(realpath "$clew")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$clew" synth --seed 5 --population 2000 --days 20 --world county --out "$work/world" >/dev/null

list_hash() { "$clew" -w "$1" leads --top 0 --format csv --unmask --by kill.sh --purpose "compare lists" | sha256sum | cut -d' ' -f1; }

"$clew" init "$work/calm" >/dev/null
started=$(date +%s%N)
# Exit 4: one file of the delivery is unusable, the others are loaded.
load() { "$clew" -w "$1" ingest "$work/world" >/dev/null 2>&1 || [ $? -eq 4 ]; }
load "$work/calm"
"$clew" -w "$work/calm" run >/dev/null 2>&1
took_ms=$(( ($(date +%s%N) - started) / 1000000 ))
wanted=$(list_hash "$work/calm")

"$clew" init "$work/stormy" >/dev/null
both() { load "$work/stormy" && "$clew" -w "$work/stormy" run; }
RANDOM=17
passed=0
for point in before_publish after_publish; do
    # Twice: the first stop is in ingest, the second, once ingest is through, in run.
    for _ in 1 2; do CLEW_FAILPOINT=$point both >/dev/null 2>&1 || passed=$((passed + 1)); done
    rm -rf "$work/stormy/lake"
done
for i in $(seq "$kills"); do
    pause=$(( RANDOM % (took_ms + 1) ))
    ( set +e; both >/dev/null 2>&1 ) & job=$!
    sleep "$(printf '%d.%03d' $((pause / 1000)) $((pause % 1000)))"
    pkill -KILL -P "$job" 2>/dev/null || true
    kill -KILL "$job" 2>/dev/null || true
    wait "$job" 2>/dev/null || true
    pkill -KILL -f "$work/stormy" 2>/dev/null || true
    # On a busy machine a killed process holds its lock until it is gone.
    while pgrep -f "$work/stormy" >/dev/null; do sleep 0.05; done
    # Every third storm starts over, so that ingest is hit as well as run.
    [ $((i % 3)) -eq 0 ] && rm -rf "$work/stormy/lake"
done
both >/dev/null 2>&1
got=$(list_hash "$work/stormy")
if [ "$got" != "$wanted" ]; then
    echo "kill.sh: the list after $kills kills is $got, undisturbed it is $wanted" >&2
    exit 1
fi
echo "kill.sh: $kills random kills and $passed stops at failpoints, then the same list: $wanted"
