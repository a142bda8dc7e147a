"""Decoding by PyTorch on a GPU, in bfloat16: the work of `clara bench decode`, 128 tokens,
one after another, behind a prompt of 512, on a model of one of the shapes. The keys and
values of the prompt are cached; nothing is compiled. Prints one JSON object."""
import argparse
import json
import time

import torch

from shapes import SHAPES, network

parser = argparse.ArgumentParser()
parser.add_argument("shape", choices=SHAPES)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--device", default="cuda")
args = parser.parse_args()

PROMPT, DECODED = 512, 128
model = network(args.shape, args.device).eval()


def wait():
    if args.device == "cuda":
        torch.cuda.synchronize()


rates = []
with torch.inference_mode():
    for _ in range(args.rounds + 1):
        prompt = torch.randint(100, model.config.vocab_size, (1, PROMPT), device=args.device)
        out = model(prompt, use_cache=True, logits_to_keep=1)
        wait()
        start = time.perf_counter()
        for _ in range(DECODED):
            token = out.logits[:, -1:].argmax(-1)
            out = model(token, past_key_values=out.past_key_values, use_cache=True)
        wait()
        rates.append(DECODED / (time.perf_counter() - start))

print(json.dumps({"work": "decode", "shape": args.shape, "engine": f"torch {torch.__version__}",
                  "tokens": DECODED, "tokens_per_s": sorted(rates[1:])[len(rates[1:]) // 2]}))
