#!/usr/bin/env bash
# A full disk and a read-only target during ingest: what was published stays readable, the error says what to do, and the next run
# completes. Uses a small tmpfs, so it needs root on Linux; elsewhere it says so and passes.
set -euo pipefail
cd "$(dirname "$0")/.."
clew=${CLEW:-target/debug/clew}
[ -x "$clew" ] || { echo "disk.sh: $clew is missing: run 'cargo build' first" >&2; exit 2; }
clew=$(realpath "$clew")
work=$(mktemp -d)
disk=$work/disk
mkdir "$disk"
if ! mount -t tmpfs -o size=10m tmpfs "$disk" 2>/dev/null; then
    echo "disk.sh: skipped, a tmpfs cannot be mounted here"
    rm -rf "$work"
    exit 0
fi
trap 'umount "$disk" 2>/dev/null || true; rm -rf "$work"' EXIT
fail() { echo "disk.sh: $1" >&2; cat "$work/err" >&2; exit 1; }
count() { "$clew" -w "$disk/w" sql "select count(*) as n from records.cases" --format csv --by disk.sh | tail -1; }

printf 'case_id,category\nA1,theft\nA2,theft\n' > "$work/small.csv"
# More than fits: hexadecimal digits compress to half, 13 MB.
awk 'BEGIN { srand(1); print "case_id,category,narrative"; for (i = 0; i < 400000; i++) { s = ""; for (j = 0; j < 8; j++) s = s sprintf("%08x", int(rand() * 4294967295)); print "B" i ",theft," s } }' > "$work/large.csv"
"$clew" init "$disk/w" >/dev/null
"$clew" -w "$disk/w" ingest "$work/small.csv" >/dev/null 2>"$work/err" || fail "the small file does not load"
before=$(sha256sum "$disk/w/lake/PUBLISHED")

if "$clew" -w "$disk/w" ingest "$work/large.csv" >/dev/null 2>"$work/err"; then fail "more than the disk holds was loaded"; fi
grep -qi "space" "$work/err" || fail "a full disk is not named"
grep -qi "hint" "$work/err" || fail "a full disk gives no hint"
[ "$before" = "$(sha256sum "$disk/w/lake/PUBLISHED")" ] || fail "a full disk changed what is published"
mount -o remount,size=400m "$disk"
[ "$(count)" = 2 ] || fail "what was published cannot be read after a full disk"

mount -o remount,ro "$disk"
if "$clew" -w "$disk/w" ingest "$work/large.csv" >/dev/null 2>"$work/err"; then fail "a read-only target was written"; fi
grep -qi "read-only" "$work/err" || fail "a read-only target is not named"
[ "$before" = "$(sha256sum "$disk/w/lake/PUBLISHED")" ] || fail "a read-only target changed"
mount -o remount,rw "$disk"

"$clew" -w "$disk/w" ingest "$work/large.csv" >/dev/null 2>"$work/err" || fail "the load after the full disk does not complete"
[ "$(count)" = 400002 ] || fail "rows are missing after the load that completed: $(count)"
[ -z "$(find "$disk/w/lake" -maxdepth 1 -name '.unpacked-*')" ] || fail "scratch folders are left"
echo "disk.sh: full and read-only disks leave what was published; the next load completes"
