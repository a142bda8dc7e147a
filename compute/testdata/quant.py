"""Writes quant.json: blocks of random bits and what ggml decodes them to.

Needs llama-cpp-python, whose wheel holds ggml's shared library; the values are
those of ggml's own dequantize_row functions. Run: python quant.py > quant.json
"""

import base64
import ctypes
import glob
import json
import os
import struct

import llama_cpp
import numpy

folder = os.path.join(os.path.dirname(llama_cpp.__file__), "lib")
ggml = ctypes.CDLL(glob.glob(os.path.join(folder, "libggml-base.*"))[0])
random = numpy.random.default_rng(1)

# name: (values, bytes, offsets of the f16 factors)
blocks = {
    "Q4_0": (32, 18, (0,)),
    "Q4_1": (32, 20, (0, 2)),
    "Q5_0": (32, 22, (0,)),
    "Q5_1": (32, 24, (0, 2)),
    "Q8_0": (32, 34, (0,)),
    "Q4_K": (256, 144, (0, 2)),
    "Q5_K": (256, 176, (0, 2)),
    "Q6_K": (256, 210, (208,)),
}


def encode(data):
    return base64.b64encode(bytes(data)).decode()


def decoded(function, data, n):
    out = (ctypes.c_float * n)()
    call = getattr(ggml, function)
    call.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int64]
    call.restype = None
    call(bytes(data), out, n)
    return encode(out)


cases = []
for name, (values, size, factors) in blocks.items():
    count = 512 // values
    data = bytearray(random.bytes(size * count))
    for block in range(count):
        for offset in factors:
            factor = random.normal() * 2.0 ** random.integers(-20, 3)  # subnormals too
            data[block * size + offset : block * size + offset + 2] = struct.pack("<e", factor)
    row = "dequantize_row_" + (name[:-1] + "K" if name.endswith("K") else name.lower())
    row = row.replace("Q4_K", "q4_K").replace("Q5_K", "q5_K").replace("Q6_K", "q6_K")
    cases.append({"type": name, "data": encode(data), "values": decoded(row, data, values * count)})

specials = [0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x3C00, 0xC000, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00]
half = numpy.concatenate([numpy.array(specials, "<u2"), random.integers(0, 0x7C00, 500).astype("<u2")]).tobytes()
cases.append({"type": "F16", "data": encode(half), "values": decoded("ggml_fp16_to_fp32_row", half, len(half) // 2)})
brain = random.integers(0, 0x7F80, 512).astype("<u2").tobytes()
cases.append({"type": "BF16", "data": encode(brain), "values": decoded("ggml_bf16_to_fp32_row", brain, len(brain) // 2)})
print(json.dumps({"ggml": "llama-cpp-python " + llama_cpp.__version__, "cases": cases}, indent=1))
