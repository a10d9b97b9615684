"""tf.test.Benchmark."""

import time

import numpy as np

from ..export import export


@export("test.Benchmark")
class Benchmark:
    """Base of classes that measure; results are kept in `reports`."""

    def __init__(self):
        self.reports = []

    def report_benchmark(
        self,
        iters=None,
        cpu_time=None,
        wall_time=None,
        throughput=None,
        extras=None,
        name=None,
        metrics=None,
    ):
        """Keeps a result (times in seconds)."""
        self.reports.append(
            {
                "iters": iters,
                "cpu_time": cpu_time,
                "wall_time": wall_time,
                "throughput": throughput,
                "extras": dict(extras or {}),
                "name": name or type(self).__name__,
                "metrics": list(metrics or []),
            }
        )

    def run_op_benchmark(
        self,
        sess,
        op_or_tensor,
        feed_dict=None,
        burn_iters=2,
        min_iters=10,
        store_trace=False,
        store_memory_usage=True,
        name=None,
        extras=None,
        mbs=0,
    ):
        """Runs an operation in a session: the median wall time in seconds and what else report_benchmark keeps."""
        for _ in range(burn_iters):
            sess.run(op_or_tensor, feed_dict)
        times = []
        for _ in range(min_iters):
            start = time.perf_counter()
            sess.run(op_or_tensor, feed_dict)
            times.append(time.perf_counter() - start)
        median = float(np.median(times))
        throughput = mbs / median if mbs else None
        self.report_benchmark(min_iters, None, median, throughput, extras, name)
        return {
            "iters": min_iters,
            "wall_time": median,
            "extras": dict(extras or {}),
            "throughput": throughput,
        }

    def evaluate(self, tensors):
        """The values of tensors, as tf.test.TestCase.evaluate."""
        from .test_case import TestCase

        return TestCase("evaluate").evaluate(tensors)


@export("test.benchmark_config")
def benchmark_config():
    """The options of sessions that measure: the usual ones."""
    from .. import compat

    return compat.v1.ConfigProto()
