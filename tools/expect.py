#!/usr/bin/env python3
"""Checks figures: reads one JSON object from standard input and evaluates each
argument with its fields as names, as in: expect.py 'kept >= 0.97 * asked'.
Prints the figures (lists and objects aside); exits 1 if a condition does not hold."""

import json
import sys

figures = json.load(sys.stdin)
print(json.dumps({k: v for k, v in figures.items() if not isinstance(v, (dict, list))}))
failed = 0
for condition in sys.argv[1:]:
    try:
        holds = bool(eval(condition, {"__builtins__": {}}, figures))
    except (NameError, TypeError) as error:
        holds, condition = False, f"{condition} ({error})"
    failed += not holds
    print("holds " if holds else "FAILED", condition)
sys.exit(1 if failed else 0)
