"""How much of the money that is really still somewhere the first places of each list hold: freeze_list.py CLEW WORKSPACE TRUTH [FIRST].

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
# A shop whose keeper lends it to a ring passes money on; it is no innocent one.
passes_on = {row["from"][8:] for row in truth("payments") if row["layer"] != "0"}
innocent = {kind: accounts - passes_on for kind, accounts in innocent.items()}

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

stated = {r["account"] for r in sql("select distinct account from records.transactions")}
total = sum(kept.values())
reachable = sum(minor for (case, account), minor in kept.items() if account in stated)
print(f"cases in which somebody kept money: {len({case for case, _ in kept}):,}; accounts that really kept a case's money: {len(kept):,}, {total / 100:,.0f} yuan, "
      f"{reachable / 100:,.0f} of it in accounts with a statement")

lists = defaultdict(lambda: defaultdict(list))
for row in sql("select case_id, action, rank, account from lead.freeze_targets order by case_id, action, rank"):
    lists[row["action"]][row["case_id"]].append(row)


def report(name, of_case):
    first = {case: {r["account"] for r in rows[:FIRST]} for case, rows in of_case.items()}
    held = sum(minor for (case, account), minor in kept.items() if account in first.get(case, ()))
    held_stated = sum(minor for (case, account), minor in kept.items() if account in stated and account in first.get(case, ()))
    places, above, of_kind = 0, [], defaultdict(int)
    for case, rows in of_case.items():
        ring = [r["rank"] for r in rows if (case, r["account"]) in kept]
        for r in rows[:FIRST]:
            places += 1
            kinds = [k for k, accounts in innocent.items() if r["account"] in accounts]
            for kind in kinds:
                of_kind[kind] += 1
            if kinds and any(rank > r["rank"] for rank in ring):
                above.append((case, r["account"]))
    print(f"{name}: {places:,} first places in {len(of_case):,} cases; share of that money {held / max(total, 1):.3f}, of what lies in accounts with a statement "
          f"{held_stated / max(reachable, 1):.3f}; innocent look-alikes {dict(of_kind)}, above an account that kept money {len(above)}")
    for case, account in above[:5]:
        print(f"    {case} {account}")


for action in ("freeze", "request_next", "emptied", "business", "victim"):
    report(action, lists[action])
together = defaultdict(list)
for action in ("freeze", "request_next"):
    for case, rows in lists[action].items():
        together[case] += rows[:FIRST]
first = {case: {r["account"] for r in rows} for case, rows in together.items()}
held = sum(minor for (case, account), minor in kept.items() if account in first.get(case, ()))
print(f"first {FIRST} of freeze and of request_next together: {held / max(total, 1):.3f}")
