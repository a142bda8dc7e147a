"""One LoRA training step by PyTorch + PEFT on the dequantised weights of a GGUF file.

The work is that of `clara bench train`: 8 sequences of 96 random tokens, rank 16 on
all linear layers, mean cross-entropy over the last 40 tokens of each, AdamW. Logits
are computed for those tokens only. With the name of a shape for a model (shapes.py) the
weights are random ones. Prints one JSON object.
"""
import argparse
import json
import os
import resource
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from shapes import SHAPES, network

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--steps", type=int, default=5)
parser.add_argument("--device", default="cpu", help="cuda: a GPU, in bfloat16")
args = parser.parse_args()

torch.set_num_threads(args.threads)
torch.manual_seed(1)
SEQUENCES, TOKENS, JUDGED = 8, 96, 40

if args.model in SHAPES:
    base = network(args.model, args.device)
else:
    folder, file = os.path.split(os.path.abspath(args.model))
    base = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.bfloat16 if args.device == "cuda" else torch.float32).to(args.device)
model = get_peft_model(base, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))
model.train()
optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0)
ids = torch.randint(100, base.config.vocab_size, (SEQUENCES, TOKENS)).to(args.device)

seconds = []
for step in range(args.steps + 1):
    start = time.perf_counter()
    logits = model(input_ids=ids, use_cache=False, logits_to_keep=JUDGED + 1).logits[:, :-1]
    loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids[:, -JUDGED:].reshape(-1))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    optimiser.zero_grad()
    if args.device == "cuda":
        torch.cuda.synchronize()
    if step > 0:  # the first one allocates and compiles
        seconds.append(time.perf_counter() - start)

print(json.dumps({
    "work": "train", "engine": f"torch {torch.__version__}", "threads": args.threads, "tokens": SEQUENCES * TOKENS,
    "seconds": sorted(seconds)[len(seconds) // 2], "best": min(seconds),
    "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
}))
