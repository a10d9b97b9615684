"""One contender of eager.py: eager_worker.py NAME CASE THREADS, then lines as worker.py's on standard input.

NAME is LIBRARY-MODE: floe or tf, and eager, sync (Floe's eager without its queue) or function.
"""

import os
import sys
import time

name, case, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
library, mode = name.split("-")
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", TF_NUM_INTRAOP_THREADS=str(threads))
if mode == "sync":
    os.environ["FLOE_EAGER"] = "sync"

import numpy as np  # noqa: E402

if library == "floe":
    import floe as tf
else:
    import tensorflow as tf
from eager_models import CASES  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(1)


def timed(call, arguments):
    start = time.perf_counter()
    value = call(*arguments).numpy()
    return time.perf_counter() - start, value


def main():
    calls = {}
    for line in sys.stdin:
        command, *words = line.split()
        try:
            if command == "prep":
                batch, out = int(words[0]), words[1]
                run, arguments = CASES[case](tf, batch)
                calls[batch] = (tf.function(run) if mode == "function" else run, arguments)
                seconds, value = timed(*calls[batch])
                for _ in range(2):  # the second call plans, the third runs the plan
                    timed(*calls[batch])
                np.save(out, value)
                print("ok", seconds, flush=True)
            elif command == "run":
                times = [timed(*calls[int(words[0])])[0] for _ in range(int(words[1]))]
                print("t", *times, flush=True)
            elif command == "quit":
                return
        except Exception as e:
            print("fail", f"{type(e).__name__}: {e}".replace("\n", " ")[:300], flush=True)


main()
