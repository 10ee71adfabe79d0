#!/usr/bin/env python3
"""Runs a command; prints wall seconds and the peak resident memory of its whole process as one JSON line on stderr's last line.

Usage: measure.py OUT.json COMMAND...   (the command's stdout goes to our stdout)"""
import json
import resource
import subprocess
import sys
import time

out, command = sys.argv[1], sys.argv[2:]
start = time.time()
code = subprocess.run(command, check=False).returncode
wall = time.time() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(out, "w", encoding="utf-8") as f:
    json.dump({"wall_s": round(wall, 2), "cpu_s": round(cpu.ru_utime + cpu.ru_stime, 2), "peak_mb": round(peak), "exit": code}, f)
sys.exit(code)
