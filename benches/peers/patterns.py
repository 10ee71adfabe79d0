"""Pattern features per second: clew beside snapml's Graph Feature Preprocessor, one run, one machine."""
import csv
import json
import os
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
import numpy as np
from snapml import GraphFeaturePreprocessor

CLEW, FILE = sys.argv[1], sys.argv[2]
PARTS = sys.argv[3].split(",") if len(sys.argv) > 3 else ["24h", "30d", "hubs"]
DAY_S = 86_400


def amlsim():
    rows = list(csv.DictReader(open(FILE)))
    return np.array([[int(r["src"]), int(r["dst"]), int(r["step"]) * DAY_S, round(float(r["amount"]) * 100)] for r in rows], dtype=np.int64)


def hubs(n=500_000, accounts=60_000, days=90, seed=11):
    """Accounts with a heavy tail: a few are paid by, and pay, thousands; times to the second."""
    dice = np.random.default_rng(seed)
    draw = lambda: (accounts * dice.random(n) ** 3.2).astype(np.int64)
    source, target = draw(), draw()
    target = np.where(source == target, (target + 1) % accounts, target)
    at = np.sort(dice.integers(0, days * DAY_S, n))
    return np.stack([source, target, at, dice.integers(100, 1_000_000, n)], 1)


def gfp(edges, window_s, threads, cycles):
    params = {
        "num_threads": threads, "time_window": window_s, "vertex_stats": False,
        "fan": True, "fan_tw": window_s, "degree": True, "degree_tw": window_s,
        "scatter-gather": True, "scatter-gather_tw": window_s,
        "temp-cycle": "temporal" in cycles, "temp-cycle_tw": window_s,
        "lc-cycle": "lc" in cycles, "lc-cycle_tw": window_s, "lc-cycle_len": 10,
    }
    peer = GraphFeaturePreprocessor()
    peer.set_params(params)
    table = np.ascontiguousarray(np.column_stack([np.arange(len(edges)), edges[:, :3]]).astype(np.float64))
    started = time.perf_counter()
    for i in range(0, len(table), 128):
        peer.transform(table[i : i + 128])
    rate = len(table) / (time.perf_counter() - started)
    print(f"  snapml {params}\n  snapml {rate:,.0f} tx/s ({len(table):,} tx)", flush=True)
    return rate


def clew(edges, window_h, steps=20_000):
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("from,to,at_s,amount_minor\n")
        np.savetxt(file, edges, fmt="%d", delimiter=",")
        file.flush()
        command = [CLEW, "bench", "--format", "json", "patterns", file.name, "--window-h", str(window_h), "--steps", str(steps), "--repeat", "2"]
        figures = {r["what"]: r["value"] for r in json.loads(subprocess.check_output(command))["rows"]}
    for what, value in figures.items():
        print(f"  clew   {what}: {value:,.0f}", flush=True)
    return figures


TEMPORAL = "fans, scatter-gather, temporal cycles"
ANY = "fans, scatter-gather, cycles in any order up to the length"
for part in PARTS:
    edges, window_h = (hubs(), 24) if part == "hubs" else (amlsim(), 24 if part == "24h" else 720)
    print(f"{part}: {len(edges):,} transfers, window {window_h} h", flush=True)
    ours = clew(edges, window_h)
    for cycles, what in (("temporal", TEMPORAL), ("temporal+lc", None)) if part != "hubs" else (("temporal", TEMPORAL),):
        peer_edges = edges if part != "30d" else edges[:60_000]
        theirs = max(gfp(peer_edges, window_h * 3600, threads, cycles) for threads in (1, 2))
        # With both kinds of cycles clew makes two passes, one each: their times add up.
        rate = ours[what] if what else 1 / (1 / ours[TEMPORAL] + 1 / ours[ANY])
        print(f"  {cycles}: clew {rate:,.0f} tx/s, snapml {theirs:,.0f} tx/s, ratio {rate / theirs:.1f}", flush=True)
