#!/usr/bin/env python3
"""Prints the results of run.sh as one Markdown table. Usage: table.py OUT_DIR"""
import glob
import json
import os
import sys

folder = sys.argv[1]


def read(name):
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        return json.load(f)


def rates(precision, recall, f1):
    return f"{f1:.3f} ({precision:.3f}, {recall:.3f})"


print("| set | program | pairs compared | cluster F1 (P, R) | largest | B3 F1 | wall s | cpu s | peak MB |")
print("|---|---|---|---|---|---|---|---|---|")
for path in sorted(glob.glob(os.path.join(folder, "*.clew.json"))):
    name = os.path.basename(path)[: -len(".clew.json")]
    ours, cost = read(f"{name}.clew.json")["figures"], read(f"{name}.clew.cost.json")
    c = ours["clusters"]
    print(f"| {name} | clew | {ours['compared_pairs']:,} | {rates(c['precision'], c['recall'], c['f1'])} | {ours['largest']} "
          f"| {ours['b_cubed']['f1']:.3f} | {cost['wall_s']:.1f} | {cost['cpu_s']:.1f} | {cost['peak_mb']:,} |")
    if os.path.exists(os.path.join(folder, f"{name}.splink.cost.json")) and os.path.getsize(os.path.join(folder, f"{name}.splink.json")):
        theirs, cost = read(f"{name}.splink.json"), read(f"{name}.splink.cost.json")
        c = theirs["cluster"]["0.95"]
        print(f"| | Splink {theirs['splink']} | {theirs['blocked_pairs']:,} | {rates(c['P'], c['R'], c['F1'])} | {c['largest']} "
              f"| | {theirs['seconds']['total']:.1f} | {cost['cpu_s']:.1f} | {theirs['peak_rss_mb']:,} |")
