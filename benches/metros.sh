#!/usr/bin/env bash
# Leads, probabilities and links of cases on metros of 200,000 people and 90 days, and on smaller counties, of seeds that nothing was fitted on. Prints the
# tables of `clew evaluate`: means and worst deciles. FOLDER keeps worlds and workspaces (5 GB a metro), so that a command that was stopped goes on.
# usage: benches/metros.sh PROGRAM FOLDER [MEMORY_MB] [METROS] [COUNTIES]
set -euo pipefail
clew=${1:?usage: metros.sh PROGRAM FOLDER [MEMORY_MB] [METROS] [COUNTIES]} folder=${2:?a folder that keeps the worlds} memory=${3:-4096} metros=${4:-5} counties=${5:-20}
mkdir -p "$folder"
"$clew" evaluate --keep "$folder" --worlds "$metros" --seed 401 --world metro --population 200000 --days 90 --memory-mb "$memory" |
    tee "$folder/metros.txt"
"$clew" evaluate --keep "$folder" --worlds "$counties" --population 20000 --days 60 --memory-mb "$memory" | tee "$folder/counties.txt"
