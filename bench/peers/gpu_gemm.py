"""The matrix product of cuBLAS, by PyTorch: 4096x4096x4096 in float16 (with sums in f32)
and in f32 (no TF32), the peer of BenchmarkLinear4096 in cuda/ and shaders/, and what the
card could do in f32 at most. Prints one JSON object for each."""
import json
import subprocess
import time

import torch

N, ROUNDS = 4096, 20
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
for name, dtype in (("f16", torch.float16), ("f32", torch.float32)):
    a, b = (torch.randn(N, N, device="cuda", dtype=dtype) for _ in range(2))
    for _ in range(3):
        a @ b.T
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(ROUNDS):
        a @ b.T
    torch.cuda.synchronize()
    seconds = (time.perf_counter() - start) / ROUNDS
    print(json.dumps({"work": f"gemm {name} {N}", "engine": f"torch {torch.__version__}, {torch.cuda.get_device_name()}",
                      "seconds": seconds, "tflops": 2 * N**3 / seconds / 1e12}))

# Every core multiplies and adds once a cycle. (CUDA C++ Programming Guide, "Arithmetic
# Instructions": f32 cores of a multiprocessor by compute capability.)
card = torch.cuda.get_device_properties(0)
cores = card.multi_processor_count * {(8, 0): 64}.get((card.major, card.minor), 128)
megahertz = float(subprocess.run(["nvidia-smi", "--query-gpu=clocks.max.sm", "--format=csv,noheader,nounits"],
                                 capture_output=True, text=True, check=True).stdout.split()[0])
print(json.dumps({"work": "peak f32", "engine": f"{card.name}, {cores} cores at {megahertz:.0f} MHz", "tflops": 2 * cores * megahertz / 1e6}))
