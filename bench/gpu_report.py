#!/usr/bin/env python3
"""What bench/gpu.sh found, each figure beside its peer and its goal: reads the logs of its
parts in a folder and writes figures.json and report.md there, for docs/benchmarks.md."""
import json
import pathlib
import re
import sys

folder = pathlib.Path(sys.argv[1])


def lines(part):
    file = folder / f"{part}.log"
    return file.read_text(errors="replace").splitlines() if file.exists() else []


def objects(part):
    for line in lines(part):
        if line.startswith("{"):
            try:
                yield json.loads(line)
            except ValueError:
                pass  # cut off by a time limit


def field(part, name, work=None):
    """A field of a part's last JSON object, or of that on some work; None without one."""
    found = [o[name] for o in objects(part) if name in o and work in (None, o.get("work"))]
    return found[-1] if found else None


def metric(part, name, unit):
    """A figure of a Go benchmark."""
    for line in lines(part):
        if m := re.match(rf"Benchmark{name}(?:-\d+)?\s.*?([\d.]+(?:e[+-]?\d+)?) {unit}", line):
            return float(m[1])
    return None


def tflops(part, name):
    return metric(part, name, "TFLOP/s")


def host(shape, work):
    """What the host does of the time of a work on the device, in percent, at most."""
    return metric(f"host-{shape}", f"Host/{work}", "%host")


def figure(what, unit, ours, peer, than, goal, less=False):
    """less: the smaller figure is the faster one."""
    ratio = None
    if ours and peer:
        ratio = peer / ours if less else ours / peer
    return {"what": what, "unit": unit, "ours": ours, "peer": peer, "than": than, "ratio": ratio, "goal": goal}


def step(shape, ours, than, peer, goal):
    return figure(f"LoRA step, {shape}, {ours}", "s", field(f"{ours}-train-{shape}", "seconds"), field(f"{peer}-train-{shape}", "seconds"), than, goal, less=True)


def decode(shape, goal):
    return figure(f"decode, {shape}, cuda-f16", "tokens/s", field(f"cuda-f16-decode-{shape}", "tokens_per_s"), field(f"torch-decode-{shape}", "tokens_per_s"), "PyTorch, bf16", goal)


peft = "PyTorch + PEFT, bf16"
figures = [
    figure("product 4096x4096x4096, f16", "TFLOP/s", tflops("cuda-gemm", "Linear4096/f16"), field("torch-gemm", "tflops", "gemm f16 4096"), "cuBLAS", 0.7),
    figure("product 4096x4096x4096, f32", "TFLOP/s", tflops("cuda-gemm", "Linear4096/f32"), field("torch-gemm", "tflops", "gemm f32 4096"), "cuBLAS", None),
    step("smollm2", "cuda-f16", peft, "torch", 1.5),
    step("1b", "cuda-f16", peft, "torch", 1.5),
    decode("smollm2", 2.0),
    decode("1b", None),
    figure("product 4096x4096x4096, OpenGL, f32", "TFLOP/s", tflops("opengl-gemm", "Linear4096"), field("torch-gemm", "tflops", "peak f32"), "the card's peak", 0.5),
    step("smollm2", "opengl", "CUDA, f32", "cuda", 0.5),
]
# Whether recording the launches of a work as a graph would pay.
shares = {f"{work}, {shape}": host(shape, work) for shape in ("smollm2", "1b") for work in ("decode", "step")}
longest = metric("opengl-dispatches", "LongestDispatch", "ms/longest")
parity = [o for part in ("parity", "parity-f16", "parity-opengl") for o in objects(part) if "grad_rel_max" in o]

summary = (folder / "summary.txt").read_text().splitlines()
number = lambda v, unit: "not measured" if v is None else f"{v:,.4g} {unit}"
out = [f"{summary[0]}; `make bench-gpu`.", "", "| work | CLARA | peer | ratio | goal |", "|---|---|---|---|---|"]
for f in figures:
    ratio = "" if f["ratio"] is None else f"{f['ratio']:.2f}"
    if f["goal"] and f["ratio"] is not None:
        ratio += " met" if f["ratio"] >= f["goal"] else " **missed**"
    out.append(f"| {f['what']} | {number(f['ours'], f['unit'])} | {number(f['peer'], f['unit'])} ({f['than']}) | {ratio} | {f['goal'] or ''} |")
out += ["", "Of the time of a work on cuda-f16 the host does not wait for the card: " + "; ".join(
    f"{work} {number(share, '%')}" for work, share in shares.items()) + ". Near 100 % the card waits for launches."]
out += ["", f"The longest dispatch of a training step on OpenGL: {number(longest, 'ms')}; it is planned to stay under 50 ms."]
if parity:
    out += ["", "| against transformers + PEFT | chats | log-probabilities | loss | worst gradient |", "|---|---|---|---|---|"]
    # Of an engine the last object counts: a check repeats it.
    for p in {p["engine"]: p for p in parity}.values():
        out.append(f"| {p['engine']} | {p['chats']} | {p['logprob_max_abs']:.2g} | {p['loss_rel']:.2g} | {p['grad_rel_max']:.2g} |")
out += ["", "```", *summary[1:], "```"]
(folder / "report.md").write_text("\n".join(out) + "\n")
(folder / "figures.json").write_text(json.dumps({"device": summary[0], "figures": figures, "host_percent": shares, "longest_dispatch_ms": longest, "parity": parity}, indent=1) + "\n")
