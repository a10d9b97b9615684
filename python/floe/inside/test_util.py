"""tensorflow.python.framework.test_util: the decorators of TensorFlow's unit tests."""

import contextlib
import functools
import unittest

from ..graph import Graph
from . import public


def run_in_graph_and_eager_modes(func=None, config=None, use_gpu=True, assert_no_eager_garbage=False):
    """Runs a test while a graph is recorded, then eagerly, with setUp and tearDown around each."""

    def decorate(method):
        if isinstance(method, type):
            raise ValueError("`run_in_graph_and_eager_modes` only supports test methods.")

        @functools.wraps(method)
        def run(self, *args, **kwargs):
            with Graph().as_default(), self.session():
                method(self, *args, **kwargs)
            self.tearDown()
            self._tempdir = None
            self.setUp()
            method(self, *args, **kwargs)

        return run

    return decorate(func) if func is not None else decorate


def deprecated_graph_mode_only(func=None):
    """Runs a test, or all tests of a class, while a graph is recorded."""

    def decorate(what):
        if isinstance(what, type):
            return _each_test(what, decorate)

        @functools.wraps(what)
        def run(self, *args, **kwargs):
            if not public("executing_eagerly")():
                return what(self, *args, **kwargs)
            with Graph().as_default():
                return what(self, *args, **kwargs)

        return run

    return decorate(func) if func is not None else decorate


run_deprecated_v1 = deprecated_graph_mode_only


def run_v1_only(reason, func=None):
    """Skips what holds for TensorFlow 1 only."""

    def decorate(what):
        if isinstance(what, type):
            return _each_test(what, decorate, also=("setUp",))

        @functools.wraps(what)
        def run(self, *args, **kwargs):
            if public("executing_eagerly")():
                self.skipTest(reason)
            return what(self, *args, **kwargs)

        return run

    return decorate(func) if func is not None else decorate


def run_v2_only(func=None, reason="Skipped because v2 behavior is off."):
    """Skips a test while v2 behaviour is off."""

    def decorate(method):
        @functools.wraps(method)
        def run(self, *args, **kwargs):
            if not public("executing_eagerly")():
                self.skipTest(reason)
            return method(self, *args, **kwargs)

        return run

    return decorate(func) if func is not None else decorate


def also_run_as_tf_function(method):
    """Runs a test eagerly and as a function."""

    @functools.wraps(method)
    def run(self, *args, **kwargs):
        method(self, *args, **kwargs)
        public("function")(lambda: method(self, *args, **kwargs) and None, autograph=False)()

    return run


def _each_test(cls, decorate, also=()):
    for name in dir(cls):
        value = getattr(cls, name)
        if callable(value) and (name.startswith(unittest.TestLoader.testMethodPrefix) or name in also):
            setattr(cls, name, decorate(value))
    return cls


def run_all_in_graph_and_eager_modes(cls):
    """run_in_graph_and_eager_modes for every test of a class."""
    return _each_test(cls, lambda m: run_in_graph_and_eager_modes(m) if m.__name__ != "test_session" else m)


def run_all_in_deprecated_graph_mode_only(cls):
    """deprecated_graph_mode_only for every test of a class."""
    return _each_test(cls, lambda m: deprecated_graph_mode_only(m) if m.__name__ != "test_session" else m)


def build_as_function_and_v1_graph(func=None):
    """Runs a test inside a function and in a graph."""

    def decorate(method):
        @functools.wraps(method)
        def run(self, *args, **kwargs):
            with Graph().as_default():
                method(self, *args, **kwargs)
            self.tearDown()
            self.setUp()
            public("function")(lambda: method(self, *args, **kwargs) and None, autograph=False)()

        return run

    return decorate(func) if func is not None else decorate


def _plain(*args, **kwargs):
    """A decorator, with arguments or without, that changes nothing."""
    if len(args) == 1 and not kwargs and (isinstance(args[0], type) or callable(args[0])):
        return args[0]
    return lambda what: what


add_graph_building_optimization_tests = _plain
assert_no_garbage_created = _plain
assert_no_new_pyobjects_executing_eagerly = _plain
assert_no_new_tensors = _plain
deprecated_disable = _plain
disable_all_xla = _plain
disable_asan = _plain
disable_eager_op_as_function = _plain
disable_eager_op_as_function_unless_tfrt = _plain
disable_mlir_bridge = _plain
disable_msan = _plain
disable_tfrt = _plain
disable_tsan = _plain
disable_ubsan = _plain
disable_xla = _plain
enable_control_flow_v2 = _plain
enable_eager_op_as_function = _plain
enable_nested_function_shape_inference = _plain
enable_output_all_intermediates = _plain
no_xla_auto_jit = _plain
run_all_without_tensor_float_32 = _plain
run_without_tensor_float_32 = _plain
with_control_flow_v2 = _plain
with_eager_op_as_function = _plain
with_forward_compatibility_horizons = _plain
xla_allow_fallback = _plain


def _skips(reason):
    def decorator(func=None, *args, **kwargs):
        def decorate(what):
            if isinstance(what, type):
                return unittest.skip(reason)(what)

            @functools.wraps(what)
            def run(self, *a, **k):
                self.skipTest(reason)

            return run

        return decorate(func) if callable(func) else decorate

    return decorator


run_gpu_only = _skips("Floe computes on CPUs.")
run_cuda_only = _skips("Floe computes on CPUs.")
run_gpu_or_tpu = _skips("Floe computes on CPUs.")


def skip_if(condition):
    """Skips a test when the condition, or what it returns, holds."""

    def decorate(method):
        @functools.wraps(method)
        def run(self, *args, **kwargs):
            if condition() if callable(condition) else condition:
                self.skipTest("The test's own condition holds.")
            return method(self, *args, **kwargs)

        return run

    return decorate


def skip_if_error(test_obj, error_type, messages=None):
    """A block whose errors of one kind skip the test."""

    @contextlib.contextmanager
    def block():
        try:
            yield
        except error_type as e:
            texts = [messages] if isinstance(messages, str) else messages or [""]
            if not any(t in str(e) for t in texts):
                raise
            test_obj.skipTest(str(e))

    return block()


@contextlib.contextmanager
def device(use_gpu):
    """Nothing: Floe computes on CPUs."""
    yield


use_gpu = force_gpu = force_cpu = contextlib.nullcontext


def _false(*args, **kwargs):
    return False


is_gpu_available = is_xla_enabled = IsMklEnabled = IsBuiltWithROCm = IsBuiltWithXLA = (
    is_mlir_bridge_enabled
) = _false
IsBuiltWithNvcc = GpuSupportsHalfMatMulAndConv = is_tf_type_enabled = CudaSupportsHalfMatMulAndConv = _false
is_asan_enabled = is_msan_enabled = is_tsan_enabled = is_ubsan_enabled = is_tfrt_enabled = _false
gpu_device_name = lambda: ""
gpu_device_type = lambda: "GPU"


def set_xla_env_flag(func=None, flag=""):
    """A decorator that changes nothing: Floe plans graphs itself."""
    return func if func is not None else lambda f: f


def NHWCToNCHW(input_tensor):
    """A shape or tensor with channels last (4 or 5 dimensions) with channels second."""
    return _move(input_tensor, {4: [0, 3, 1, 2], 5: [0, 4, 1, 2, 3]})


def NCHWToNHWC(input_tensor):
    """A shape or tensor with channels second (4 or 5 dimensions) with channels last."""
    return _move(input_tensor, {4: [0, 2, 3, 1], 5: [0, 2, 3, 4, 1]})


def _move(x, orders):
    if hasattr(x, "shape"):
        return public("transpose")(x, orders[len(x.shape)])
    return [x[i] for i in orders[len(x)]]


def assert_ops_in_graph(expected_ops, graph):
    """The nodes of a graph with these names; ValueError when one is missing or has another type."""
    found = {n.name: n for n in graph.as_graph_def().node if n.name in expected_ops}
    for name, kind in expected_ops.items():
        if name in found and found[name].op != kind:
            raise ValueError(f"Expected op for node {name} is different. {kind} vs {found[name].op}")
    if set(found) != set(expected_ops):
        raise ValueError(
            f"Not all expected ops are present. Expected {set(expected_ops)}, found {set(found)}"
        )
    return found


def __getattr__(name):
    if name == "TensorFlowTestCase":
        return public("test.TestCase")
    raise AttributeError(name)
