#!/usr/bin/env bash
# Side by side: clew and Splink on the same rows, one after the other. See README.md.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
clew=${1:?run.sh CLEW OUT_DIR [rows of the Chinese set] [seed ...]}
out=${2:?where the results go}
rows=${3:-1000000}
shift 3 2>/dev/null || shift $#
seeds=("${@:-7}")
python=${PEERS_PYTHON:?a Python with splink, duckdb and pypinyin}
bench=${PEERS_BENCH:?the folder with run_splink.py and gen_cn_persons.py}
data=${PEERS_DATA:?the folder with febrl3.csv, fake_1000.csv and historical_50k.csv}
mkdir -p "$out"

one() { # name, columns, file, name of the set for Splink
  "$python" "$here/measure.py" "$out/$1.clew.cost.json" "$clew" resolve eval --truth "$3" --columns "$here/columns/$2.toml" --format json >"$out/$1.clew.json"
  "$python" "$here/measure.py" "$out/$1.splink.cost.json" "$python" "$bench/run_splink.py" "$4" >"$out/$1.splink.json" 2>"$out/$1.splink.log"
}

for set in febrl3 fake_1000 historical_50k; do
  one "$set" "$set" "$data/$set.csv" "$set"
done
for seed in "${seeds[@]}"; do
  file="$out/cn_${rows}_$seed.csv"
  [ -e "$file" ] || python3 "$bench/gen_cn_persons.py" "$rows" "$file" "$seed"
  one "cn_${rows}_$seed" cn_persons "$file" "cn:$file"
done
python3 "$here/table.py" "$out"
