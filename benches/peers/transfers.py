"""Illicit transfers of a simulator, 60/20/20 in time: clew's features under linfa and under XGBoost, snapml's features under XGBoost."""
import csv
import os
import subprocess
import sys
import tempfile

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
import numpy as np
import xgboost
from sklearn.metrics import average_precision_score
from snapml import GraphFeaturePreprocessor

CLEW, FILE, SEEDS, LISTED = sys.argv[1], sys.argv[2], 5, 200
rows = list(csv.DictReader(open(FILE)))
source, target, step, alert = (np.array([int(r[c]) for r in rows]) for c in ("src", "dst", "step", "alert_id"))
label = np.array([int(r["is_laundering"]) for r in rows])
amount = np.array([float(r["amount"]) for r in rows])
n = len(rows)
fit_to, choose_to = n * 6 // 10, n * 8 // 10


def found(scores, start, end, seen_max):
    """Share of the alerts of rows start..end among the first of the list; an account that was listed so often before waits."""
    seen, first, later = {}, [], []
    for i in np.argsort(-scores, kind="stable"):
        ends = source[start + i], target[start + i]
        (first if sum(seen.get(e, 0) for e in ends) < seen_max else later).append(i)
        for e in ends:
            seen[e] = seen.get(e, 0) + 1
    part = alert[start:end]
    return len(set(part[(first + later)[:LISTED]]) - {-1}) / len(set(part) - {-1})


def judge(name, features):
    results = []
    for seed in range(SEEDS):
        model = xgboost.XGBClassifier(
            n_estimators=300, max_depth=6, learning_rate=0.1, subsample=0.8, colsample_bytree=0.8, random_state=seed, n_jobs=2, tree_method="hist"
        ).fit(features[:fit_to], label[:fit_to])
        choosing = model.predict_proba(features[fit_to:choose_to])[:, 1]
        seen_max = max(range(1, 5), key=lambda k: (found(choosing, fit_to, choose_to, k), -k))
        testing = model.predict_proba(features[choose_to:])[:, 1]
        ap = average_precision_score(label[choose_to:], testing)
        results.append((ap, found(testing, choose_to, n, 10**9), found(testing, choose_to, n, seen_max)))
    ap, plain, listed = np.mean(results, axis=0)
    print(f"{name}: AP {ap:.3f}, alerts in the top {LISTED} by score {plain:.3f}, as a review list {listed:.3f} (mean of {SEEDS} seeds)", flush=True)


with tempfile.NamedTemporaryFile(suffix=".f32") as file:
    print(subprocess.run([CLEW, "bench", "transfers", FILE, "--seeds", str(SEEDS), "--features", file.name], check=True, text=True, stdout=subprocess.PIPE).stdout)
    clews = np.fromfile(file.name, dtype="<f4").reshape(n, -1)
judge(f"clew's {clews.shape[1]} features, XGBoost", clews)

day = 86_400
params = {"num_threads": 2, "time_window": 30 * day, "vertex_stats": True, "vertex_stats_tw": 30 * day}
for kind in ("fan", "degree", "scatter-gather", "temp-cycle", "lc-cycle"):
    params |= {kind: True, f"{kind}_tw": 10 * day}
params["lc-cycle_len"] = 10
peer = GraphFeaturePreprocessor()
peer.set_params(params)
table = np.ascontiguousarray(np.column_stack([np.arange(n), source, target, step * day, amount]).astype(np.float64))
parts = [peer.transform(np.ascontiguousarray(table[i : i + 128])) for i in range(0, n, 128)]
print("snapml", params, flush=True)
judge("snapml's features, XGBoost", np.concatenate(parts)[:, 4:].astype(np.float32))
