"""The matrix product of cuBLAS, by PyTorch: 4096x4096x4096 in bfloat16 and in f32 (no
TF32), the peer of BenchmarkLinear4096 in cuda/. Prints one JSON object for each."""
import json
import time

import torch

N, ROUNDS = 4096, 20
torch.backends.cuda.matmul.allow_tf32 = False
for name, dtype in (("bf16", torch.bfloat16), ("f32", torch.float32)):
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
