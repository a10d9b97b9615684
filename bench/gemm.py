"""Matrix products on one thread, GFLOP/s by m x k x n as JSON.   usage: gemm.py numpy|torch|tf"""

import json
import os
import sys
import time

for name in ("OMP", "MKL", "OPENBLAS"):
    os.environ[name + "_NUM_THREADS"] = "1"
os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3")
SIZES = (
    "256,256,256 512,512,512 1024,1024,1024 2048,2048,2048 3136,64,64 3136,576,64 784,1152,128 196,2304,256 "
    "49,4608,512 1,4096,4096 128,256,1024"
)


def library(name):
    """(make a matrix, multiply)"""
    if name == "numpy":
        import numpy as np

        return lambda m, n: np.random.rand(m, n).astype("f4"), lambda a, b: a @ b
    if name == "torch":
        import torch

        torch.set_num_threads(1)
        return torch.rand, torch.matmul
    import tensorflow as tf

    return lambda m, n: tf.random.uniform((m, n)), tf.linalg.matmul


make, multiply = library(sys.argv[1])
result = {}
for size in SIZES.split():
    m, k, n = map(int, size.split(","))
    x, y = make(m, k), make(k, n)
    flop = 2 * m * k * n
    repeats, least = max(1, int(4e9 / flop)), float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(repeats):
            multiply(x, y)
        least = min(least, (time.perf_counter() - start) / repeats)
    result[f"{m}x{k}x{n}"] = round(flop / least / 1e9, 1)
print(json.dumps(result))
