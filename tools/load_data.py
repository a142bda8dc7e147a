#!/usr/bin/env python3
"""load_data.py OUT FILE...: what datasets, and TRL where it is installed, make of exported files.

Each FILE is named NAME.jsonl for its format. It is loaded as TRL's trainers load it, looked at, and
written as OUT/NAME.jsonl, so that it can be imported again.
"""
import pathlib
import sys

import datasets

COLUMNS = {
    "prompt-completion": {"prompt", "completion"},
    "preference": {"prompt", "chosen", "rejected"},
    "unpaired-preference": {"prompt", "completion", "label"},
}


def look_with_trl(data):
    """The steps that SFT, DPO and KTO begin with."""
    import trl.data_utils as trl

    for row in data:
        assert trl.is_conversational(row), row
    if "chosen" in data.column_names:
        unpaired = trl.maybe_unpair_preference_dataset(data)
        assert len(unpaired) == 2 * len(data) and "label" in unpaired.column_names


def main():
    out = pathlib.Path(sys.argv[1])
    for file in map(pathlib.Path, sys.argv[2:]):
        data = datasets.load_dataset("json", data_files=str(file), split="train")
        want = COLUMNS[file.stem]
        if not want <= set(data.column_names):
            sys.exit(f"{file}: the columns are {data.column_names}, not {want}")
        for name in want - {"label"}:
            for turns in data[name]:
                if [sorted(t) for t in turns] != [["content", "role"]] * len(turns):
                    sys.exit(f"{file}: {name} is {turns}")
        try:
            import trl  # noqa: F401
        except ImportError:
            checked = "datasets"
        else:
            look_with_trl(data)
            checked = f"TRL {trl.__version__}"
        data.to_json(out / file.name)
        print(f"{file.name}: {len(data)} rows, {checked}")


main()
