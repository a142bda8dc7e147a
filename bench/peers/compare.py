"""Runs CLARA and its peers on the same work in turn and prints the ratios.

usage: compare.py CLARA MODEL PYTHON [--threads N] [--rounds N]
Every figure is the median of the rounds; in each round the programs take turns, so
that a slow minute of the machine meets both.
"""
import argparse
import json
import os
import platform
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("clara")
parser.add_argument("model")
parser.add_argument("python", help="of the virtual environment with the peers")
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--rounds", type=int, default=3)
args = parser.parse_args()

here = os.path.dirname(os.path.abspath(__file__))
# On some machines these two are set to help old OpenBLAS builds; they slow torch.
environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
threads = ["--threads", str(args.threads)]


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True)
    return json.loads(done.stdout.decode().strip().splitlines()[-1])


def ours(work):
    return run([args.clara, "bench", work, "--model", args.model, "--json", *threads])


figures = {}
system = torch = cpu = ""
for _ in range(args.rounds):
    for work in ("prompt", "decode", "train"):
        result = ours(work)
        cpu = result["cpu"]
        value = result["seconds"] if work == "train" else result["tokens_per_s"]
        figures.setdefault((work, "clara"), []).append(value)
    llama = run([args.python, os.path.join(here, "llama.py"), args.model, *threads])
    system = llama["system"]
    for work in ("prompt", "decode"):
        figures.setdefault((work, "peer"), []).append(llama[work])
    step = run([args.python, os.path.join(here, "lora_step.py"), args.model, *threads])
    torch = f"{step['engine']}, peak {step['peak_gib']:.1f} GiB"
    figures.setdefault(("train", "peer"), []).append(step["seconds"])

median = lambda values: sorted(values)[len(values) // 2]
print(f"{cpu}, {args.threads} threads, {platform.system()} {platform.release()}, {os.path.basename(args.model)}")
print(f"llama.cpp: {llama['engine']}: {system}")
print(f"PyTorch: {torch}\n")
print("| work | CLARA | peer | CLARA is |")
print("|---|---|---|---|")
behind = []
for work, unit, peer, better in (
    ("prompt", "tokens/s", "llama.cpp", "more"),
    ("decode", "tokens/s", "llama.cpp", "more"),
    ("train", "s a LoRA step", "PyTorch + PEFT", "less"),
):
    a, b = median(figures[work, "clara"]), median(figures[work, "peer"])
    ratio = a / b if better == "more" else b / a
    if ratio < 1:
        behind.append(work)
    print(f"| {work} | {a:.4g} {unit} | {b:.4g} ({peer}) | {ratio:.2f} x as fast |")
if behind:
    print(f"\nslower than the peer: {', '.join(behind)}", file=sys.stderr)
