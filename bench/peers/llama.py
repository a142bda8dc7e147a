"""Prompt processing and decoding by llama.cpp (llama-cpp-python, built natively).

The work is that of `clara bench prompt` and `clara bench decode`: 512 random tokens
of prompt, then 128 tokens decoded behind it. Prints one JSON object.
"""
import argparse
import json
import os
import time

import llama_cpp

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--rounds", type=int, default=5)
args = parser.parse_args()

PROMPT, DECODED = 512, 128
llm = llama_cpp.Llama(args.model, n_ctx=1024, n_batch=512, n_threads=args.threads, n_threads_batch=args.threads, verbose=False)
vocabulary = llm.n_vocab()
prompt = [100 + i * 7919 % (vocabulary - 100) for i in range(PROMPT)]
rates = {"prompt": [], "decode": []}
for _ in range(args.rounds + 1):
    llm.reset()
    start = time.perf_counter()
    llm.eval(prompt)
    rates["prompt"].append(PROMPT / (time.perf_counter() - start))
    start = time.perf_counter()
    for i in range(DECODED):
        llm.eval([100 + i * 104729 % (vocabulary - 100)])
    rates["decode"].append(DECODED / (time.perf_counter() - start))

median = lambda values: sorted(values[1:])[len(values[1:]) // 2]  # the first round warms up
print(json.dumps({
    "engine": f"llama-cpp-python {llama_cpp.__version__}", "threads": args.threads,
    "prompt": median(rates["prompt"]), "decode": median(rates["decode"]),
    "system": llama_cpp.llama_print_system_info().decode().strip(),
}))
