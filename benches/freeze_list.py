"""How much of the money that is really still somewhere the freeze lists' first places hold: freeze_list.py CLEW WORKSPACE TRUTH [FIRST].

TRUTH is the folder that `clew synth` writes beside the records: what each account of a ring really kept of a case's money is what it was paid
less what it passed on (truth/payments.csv). Cash is nowhere any more, and what a shop was paid is the shop's.
"""
import csv
import json
import subprocess
import sys
from collections import defaultdict

CLEW, WORKSPACE, TRUTH = sys.argv[1:4]
FIRST = int(sys.argv[4]) if len(sys.argv) > 4 else 20


def truth(name):
    return list(csv.DictReader(open(f"{TRUTH}/{name}.csv", encoding="utf-8")))


def sql(query):
    command = [CLEW, "-w", WORKSPACE, "sql", query, "--format", "json", "--unmask", "--by", "benches", "--purpose", "freeze list against the truth of a synthetic world"]
    return json.loads(subprocess.check_output(command))["rows"]


innocent = defaultdict(set)
for row in truth("lookalikes"):
    if row["subject_id"].startswith("account:"):
        innocent[row["kind"]].add(row["subject_id"][8:])
businesses = set().union(*innocent.values())

kept = defaultdict(int)
victims = set()
for row in truth("payments"):
    case, source, target, minor = row["case_id"], row["from"][8:], row["to"][8:], int(row["amount_minor"])
    if row["layer"] == "0":
        victims.add(source)
    else:
        kept[case, source] -= minor
    if target and target not in businesses:
        kept[case, target] += minor
kept = {at: minor for at, minor in kept.items() if minor > 0}

listed = {}
for row in sql("select case_id, rank, account, holder_name, low_minor, high_minor, statement_to is not null as stated from lead.freeze_targets order by case_id, rank"):
    listed.setdefault(row["case_id"], []).append(row)
stated = {r["account"] for r in sql("select distinct account from records.transactions")}

total = sum(kept.values())
reachable = sum(minor for (case, account), minor in kept.items() if account in stated)
held = sum(minor for (case, account), minor in kept.items() if account in {r["account"] for r in listed.get(case, [])[:FIRST]})
print(f"cases in which somebody kept money: {len({case for case, _ in kept}):,}, with a list: {len(listed):,}; accounts that really kept a case's money: {len(kept):,}, {total / 100:,.0f} yuan, {reachable / 100:,.0f} of it in accounts with a statement")
print(f"share of it in the first {FIRST} places: {held / max(total, 1):.3f}; of what lies in accounts with a statement: "
      f"{sum(m for (c, a), m in kept.items() if a in stated and a in {r['account'] for r in listed.get(c, [])[:FIRST]}) / max(reachable, 1):.3f}")

above, first_places, of_kind = 0, 0, defaultdict(int)
for case, rows in listed.items():
    ring = [r["rank"] for r in rows if (case, r["account"]) in kept]
    for r in rows[:FIRST]:
        first_places += 1
        kinds = [k for k, accounts in innocent.items() if r["account"] in accounts]
        for kind in kinds:
            of_kind[kind] += 1
        above += bool(kinds) and any(rank > r["rank"] for rank in ring)
print(f"first places: {first_places:,}, of them by kind of innocent look-alike: {dict(of_kind)}; look-alikes above an account that kept money: {above}")
