"""Follows payments through statements, written apart from clew and without looking at it: what its tracing is checked against.

usage: trace.py FOLDER PAYMENT...   each PAYMENT is from,to,amount_minor,seconds since 1970 in UTC+8

Reads every statement of 34 columns in FOLDER (clean rows, no two of one account at one instant). Prints payment,place,fifo,lifo,rolling,own.
"""
import csv
import sys
from datetime import datetime, timezone, timedelta
from fractions import Fraction
from pathlib import Path

rows, statements = {}, set()
for path in sorted(Path(sys.argv[1]).glob("*.csv")):
    for r in csv.DictReader(path.open(encoding="utf-8-sig")):
        at = int(datetime.fromisoformat(r["交易时间"]).replace(tzinfo=timezone(timedelta(hours=8))).timestamp())
        minor, balance = (round(Fraction(r[c]) * 100) if r[c] else None for c in ("交易金额", "交易余额"))
        own, other = r["交易卡号"], r["交易对手账卡号"] or None
        statements.add(own)
        ends = (own, other) if r["收付标志"] == "出" else (other, own)
        # A transfer that both statements tell is one transfer; one without a number at the other end is its own.
        event = rows.setdefault((at, *ends, minor) if other else (at, *ends, minor, own), {})
        event[own] = balance
events = sorted(rows.items(), key=lambda e: e[0][0])

change, opening = {}, {}
for (at, source, target, minor, *_), balances in events:
    for account, sign in ((source, -1), (target, 1)):
        change[account] = change.get(account, 0) + sign * minor
    for account, balance in balances.items():
        if balance is not None:
            opening.setdefault(account, max(0, balance - change[account]))

PAYMENTS = [tuple(p.split(",")) for p in sys.argv[2:]]
tag_of = {(a, b, int(m), int(t)): i for i, (a, b, m, t) in enumerate(PAYMENTS)}
OWN = -1


def take_ends(lots, minor, last):
    """From one end of a list of [tag, minor]."""
    out = []
    while minor:
        lot = lots[-1 if last else 0]
        part = min(lot[1], minor)
        out.append([lot[0], part])
        lot[1] -= part
        minor -= part
        if not lot[1]:
            lots.pop(-1 if last else 0)
    return out


def take_share(lots, minor):
    """From every tag in proportion, largest remainders first."""
    sums = {}
    for tag, part in lots:
        sums[tag] = sums.get(tag, 0) + part
    whole = sum(sums.values())
    exact = {tag: Fraction(part * minor, whole) for tag, part in sums.items()} if whole else {}
    given = {tag: int(x) for tag, x in exact.items()}
    for tag in sorted(exact, key=lambda tag: (given[tag] - exact[tag], tag))[: minor - sum(given.values())]:
        given[tag] += 1
    lots[:] = [[tag, part - given[tag]] for tag, part in sorted(sums.items()) if part > given[tag]]
    return [[tag, part] for tag, part in sorted(given.items()) if part]


def take_own_first(lots, minor):
    """The holder's own money, then the claims in order."""
    own = [lot for lot in lots if lot[0] == OWN]
    claims = [lot for lot in lots if lot[0] != OWN]
    first = min(minor, sum(lot[1] for lot in own))
    out = take_ends(own, first, False) + take_ends(claims, minor - first, False)
    lots[:] = own + claims
    return out


RULES = [
    lambda lots, minor: take_ends(lots, minor, False),
    lambda lots, minor: take_ends(lots, minor, True),
    take_share,
    take_own_first,
]
held = {}
for method, rule in enumerate(RULES):
    lots = {account: [[OWN, minor]] if minor else [] for account, minor in opening.items()}
    for (at, source, target, minor, *_), _ in events:
        followed = source in statements
        known = sum(lot[1] for lot in lots.setdefault(source, [])) if followed else 0
        taken = rule(lots[source], min(minor, known)) if followed else []
        payment = tag_of.get((source, target, minor, at))
        if payment is not None:
            for tag, part in taken:
                if tag != OWN:
                    key = (tag, source)
                    held.setdefault(key, [0] * 4)[method] += part
            taken = [[payment, minor]]
        elif minor > sum(part for _, part in taken):
            taken = taken + [[OWN, minor - sum(part for _, part in taken)]]
        if target in statements:
            lots.setdefault(target, []).extend(taken)
        else:
            for tag, part in taken:
                if tag != OWN:
                    held.setdefault((tag, target), [0] * 4)[method] += part
    for account, left in lots.items():
        for tag, part in left:
            if tag != OWN:
                held.setdefault((tag, account), [0] * 4)[method] += part
for (tag, place), sums in sorted(held.items(), key=lambda h: (h[0][0], h[0][1] or "")):
    print(tag, place or "", *sums, sep=",")
