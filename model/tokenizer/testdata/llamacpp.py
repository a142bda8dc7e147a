"""Writes llamacpp.json: the ids that llama.cpp gives to awkward texts, special tokens parsed. Run it in this folder
with llama-cpp-python installed and the models in place (make model model-gemma)."""

import json
import random

from llama_cpp import Llama

PARTS = [
    "a", "Z", "ä", "é", "ß", "日", "本", "0", "7", "٣", "½", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\u00a0", ".",
    "-", "$", "🤔", "\u0301", "_", "'", "'s", "'re", "'LL", "the", " The", "<", "<|im_end|>", "<bos>", "<s>", "\x00",
    "<0x0A>", "http://", "123456", "<table>", "\u2003", "👩‍👩‍👧", "한국", " )", "}}", "//", "def f(x):\n\treturn",
]
MODELS = {"smollm2": "SmolLM2-135M-Instruct.Q4_1.gguf", "gemma3": "gemma-3-270m-q4_k_m.gguf"}

chance = random.Random(1)
texts = ["", " ", "\n"] + ["".join(chance.choices(PARTS, k=chance.randint(1, 12))) for _ in range(200)]
result = {"texts": texts}
for name, file in MODELS.items():
    llama = Llama(model_path="../../../models/" + file, vocab_only=True, verbose=False)
    result[name] = [llama.tokenize(text.encode(), add_bos=False, special=True) for text in texts]
with open("llamacpp.json", "w", encoding="utf-8") as f:
    f.write("{\n")
    f.write(",\n".join(f"{json.dumps(k)}: [\n" + ",\n".join(json.dumps(x) for x in v) + "\n]" for k, v in result.items()))
    f.write("\n}\n")
