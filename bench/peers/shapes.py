"""Language models of a known shape with random weights: what a step costs does not
depend on their values, and a machine without network has no others.

usage: shapes.py NAME FILE writes one as a GGUF file for CLARA, its matrices in Q4_0;
network() is the same in PyTorch, in bfloat16. (GGUF: ggml's docs/gguf.md.)
"""
import struct
import sys

# Layers, width, width of the MLP, heads, key heads, vocabulary; embeddings tied.
SHAPES = {
    "smollm2": (30, 576, 1536, 9, 3, 49152),  # SmolLM2-135M
    "1b": (16, 2048, 8192, 32, 8, 128256),  # Llama 3.2 1B
}
CONTEXT, SCALE = 2048, 0.02  # of the weights: their standard deviation


def network(name, device):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    layers, width, mlp, heads, key_heads, vocabulary = SHAPES[name]
    torch.manual_seed(1)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        model = LlamaForCausalLM(LlamaConfig(
            num_hidden_layers=layers, hidden_size=width, intermediate_size=mlp, num_attention_heads=heads,
            num_key_value_heads=key_heads, vocab_size=vocabulary, max_position_embeddings=CONTEXT,
            tie_word_embeddings=True, initializer_range=SCALE))
    torch.set_default_dtype(torch.float32)
    return model


U32, I32, F32, STRING, ARRAY = 4, 5, 6, 8, 9  # types of metadata
PLAIN, Q4_0 = 0, 2  # types of tensors
ALIGNMENT = 32


def text(s):
    return struct.pack("<Q", len(s.encode())) + s.encode()


def entry(key, kind, value):
    if kind == STRING:
        return text(key) + struct.pack("<I", kind) + text(value)
    return text(key) + struct.pack("<I" + {U32: "I", F32: "f"}[kind], kind, value)


def array(key, kind, values):
    packed = b"".join(map(text, values)) if kind == STRING else struct.pack(f"<{len(values)}i", *values)
    return text(key) + struct.pack("<IIQ", ARRAY, kind, len(values)) + packed


def write(name, path):
    import numpy

    layers, width, mlp, heads, key_heads, vocabulary = SHAPES[name]
    keys = width // heads * key_heads
    # 256 tokens that stand for bytes, as in GPT-2's vocabulary, and as many more as there are.
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    tokens = [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]
    tokens += [f"<{i}>" for i in range(len(tokens), vocabulary)]
    metadata = [
        entry("general.architecture", STRING, "llama"), entry("general.name", STRING, f"random weights, shape {name}"),
        entry("llama.block_count", U32, layers), entry("llama.embedding_length", U32, width),
        entry("llama.feed_forward_length", U32, mlp), entry("llama.attention.head_count", U32, heads),
        entry("llama.attention.head_count_kv", U32, key_heads), entry("llama.context_length", U32, CONTEXT),
        entry("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
        entry("tokenizer.ggml.model", STRING, "gpt2"), entry("tokenizer.ggml.pre", STRING, "smollm"),
        array("tokenizer.ggml.tokens", STRING, tokens), array("tokenizer.ggml.token_type", I32, [1] * vocabulary),
        array("tokenizer.ggml.merges", STRING, []), entry("tokenizer.ggml.eos_token_id", U32, vocabulary - 1),
    ]
    tensors = [("token_embd.weight", Q4_0, width, vocabulary), ("output_norm.weight", PLAIN, width, 1)]
    for i in range(layers):
        tensors += [(f"blk.{i}.{n}.weight", *what) for n, what in {
            "attn_norm": (PLAIN, width, 1), "ffn_norm": (PLAIN, width, 1),
            "attn_q": (Q4_0, width, width), "attn_k": (Q4_0, width, keys), "attn_v": (Q4_0, width, keys),
            "attn_output": (Q4_0, width, width), "ffn_gate": (Q4_0, width, mlp), "ffn_up": (Q4_0, width, mlp),
            "ffn_down": (Q4_0, mlp, width)}.items()]
    infos, offset = [], 0
    for tensor, kind, columns, rows in tensors:
        dims = (columns,) if kind == PLAIN else (columns, rows)
        infos.append(text(tensor) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset))
        size = 4 * columns if kind == PLAIN else columns * rows // 32 * 18
        offset += -(-size // ALIGNMENT) * ALIGNMENT
    random = numpy.random.default_rng(1)
    with open(path, "wb") as file:
        file.write(struct.pack("<IIQQ", 0x46554747, 3, len(tensors), len(metadata)) + b"".join(metadata) + b"".join(infos))
        for _, kind, columns, rows in tensors:
            file.write(bytes(-file.tell() % ALIGNMENT))
            if kind == PLAIN:
                file.write(numpy.ones(columns, numpy.float32).tobytes())
                continue
            blocks = random.integers(0, 256, (columns * rows // 32, 18), numpy.uint8)
            # A value is a factor times (nibble - 8), whose standard deviation is that of 16 even steps.
            blocks[:, :2] = numpy.frombuffer(numpy.float16(SCALE / (255 / 12) ** 0.5).tobytes(), numpy.uint8)
            file.write(blocks.tobytes())
        file.write(bytes(-file.tell() % ALIGNMENT))


if __name__ == "__main__":
    write(*sys.argv[1:])
