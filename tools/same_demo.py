#!/usr/bin/env python3
"""Compares what `clara demo --json` wrote on two engines: same_demo.py FIRST SECOND.
Every answer is to be the same text, every count and the gate's verdict the same; exits 1
if one is not. Measured values (losses, seconds) are left to the tests of the engines."""

import json
import sys

first, second = (json.load(open(path)) for path in sys.argv[1:3])
print(f"{first['engine']} and {second['engine']}, {len(first['answers'])} answers")
failed = first["engine"] == second["engine"] or not first["answers"] or len(first["answers"]) != len(second["answers"])
for one, other in zip(first["answers"], second["answers"]):
    if one != other:
        print("FAILED", json.dumps(one), "is not", json.dumps(other))
        failed = True
for name, value in first.items():
    if isinstance(value, (int, str)) and name not in ("engine", "cycle_seconds") and value != second.get(name):
        print("FAILED", name, value, "is not", second.get(name))
        failed = True
sys.exit(1 if failed else 0)
