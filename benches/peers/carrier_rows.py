#!/usr/bin/env python3
"""Makes one large carrier file (layout A, GB18030, CRLF) and the same in UTF-8, from the call files of a synthetic world.

    carrier_rows.py WORLD ROWS OUT.csv OUT.utf8.csv

Rows come from the world's layout-A files in their order, again and again with another record id each time, until there are ROWS of them.
One row in twenty is spoilt, each in one of the ways below, chosen by the row's number: nothing is drawn, so the files are always the same.
"""
import pathlib
import sys

ID, OWNER, LAC, PEER, AT, DURATION = 1, 4, 8, 13, 24, 25


def spoil(cells, kind, before):
    if kind == 0:
        cells[OWNER] = ""
    elif kind == 1:
        cells[OWNER] = "1.38E+10"
    elif kind == 2:
        cells[PEER] = "1.39E+10"
    elif kind == 3:
        cells[AT] = "2025-13-45 25:61:00"
    elif kind == 4:
        cells[AT] = cells[AT][5:]
    elif kind == 5:
        cells[DURATION] = "-1"
    elif kind == 6:
        return cells[:-3]
    elif kind == 7:
        return [""] * len(cells)
    elif kind == 8:
        return list(before) if before else cells
    elif kind == 9:
        cells[PEER] = "17951" + cells[PEER]
    elif kind == 10:
        cells[OWNER] = "+86 " + cells[OWNER] + "\t"
    elif kind == 11:
        cells[PEER] = "不详"
    elif kind == 12:
        cells[LAC] = "ZZ"
    else:
        cells[2], cells[3] = "不明", "不明"
    return cells


def rows_of(world):
    for file in sorted(pathlib.Path(world).rglob("*.csv")):
        raw = file.read_bytes()
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            continue
        lines = text.splitlines()
        at = next((i for i, line in enumerate(lines[:40]) if line.startswith("序号,通信记录唯一标识")), None)
        if at is None:
            continue
        for line in lines[at + 1 :]:
            cells = line.split(",")
            if len(cells) == 30 and cells[0] != "合计":
                yield cells


def main():
    world, wanted, out, out_utf8 = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    header = None
    for file in sorted(pathlib.Path(world).rglob("*.csv")):
        for line in file.read_bytes().decode("gb18030", "replace").splitlines()[:40]:
            if line.startswith("序号,通信记录唯一标识"):
                header = line
        if header:
            break
    pool = [cells for cells in rows_of(world)]
    assert header and pool, "the world has no file in layout A"
    written, before = 0, None
    with open(out, "wb") as gb, open(out_utf8, "wb") as utf8:
        batch = [header]
        while written < wanted:
            for cells in pool:
                if written == wanted:
                    break
                cells = list(cells)
                cells[0] = str(written + 1)
                cells[ID] = f"{written * 0x9E3779B97F4A7C15 % 2**64:016x}"
                if written % 20 == 7:
                    cells = spoil(cells, written // 20 % 14, before)
                before = cells
                batch.append(",".join(cells))
                written += 1
                if len(batch) >= 50_000:
                    text = "\r\n".join(batch) + "\r\n"
                    gb.write(text.encode("gb18030"))
                    utf8.write(text.encode("utf-8"))
                    batch = []
        text = "\r\n".join(batch) + ("\r\n" if batch else "")
        gb.write(text.encode("gb18030"))
        utf8.write(text.encode("utf-8"))
    print(f"{written} rows from a pool of {len(pool)}")


main()
