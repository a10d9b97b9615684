"""tf.test.TestCase."""

import contextlib
import os
import random
import re
import sys
import threading

import numpy as np

from .. import _floe, nest
from ..errors import InvalidArgumentError, OpError
from ..export import export
from ..graph import get_default_graph, reset_default_graph
from ..random_seed import DEFAULT_GRAPH_SEED, set_global_seed
from ..tensor import Tensor
from . import test_support
from .test_asserts import Asserts


class _EagerSession:
    """What cached_session() gives in eager mode: run() hands out the values of tensors."""

    def __init__(self, case):
        self._case = case

    def run(self, fetches, *args, **kwargs):
        feed_dict = kwargs.get("feed_dict", args[0] if args else None)
        if feed_dict:
            raise RuntimeError("feed_dict is not supported when eager execution is enabled.")
        return self._case.evaluate(fetches)


class _NoSession:
    """What session() gives in eager mode."""

    def __getattr__(self, name):
        raise AttributeError(
            f"You are attempting to access '{name}' of a session in eager mode: use self.evaluate(), or "
            "self.cached_session(), or open a tf.Graph first."
        )


class _Captured:
    def __init__(self, path):
        self._path = path

    def contents(self):
        """What was written so far."""
        with open(self._path) as f:
            return f.read()


class CheckedThread:
    """A thread whose exception the test gets when it joins."""

    def __init__(self, target, args=None, kwargs=None):
        self._error = None

        def run():
            try:
                target(*(args or ()), **(kwargs or {}))
            except BaseException as e:
                self._error = e

        self._thread = threading.Thread(target=run)

    def start(self):
        self._thread.start()

    def join(self):
        self._thread.join()
        if self._error is not None:
            raise AssertionError(f"Error in checkedThread: {self._error}") from self._error

    def is_alive(self):
        return self._thread.is_alive()


@export("test.TestCase")
class TestCase(Asserts):
    """unittest.TestCase with assertions on tensors and arrays. Every test begins with a new graph and a fixed seed."""

    __test__ = False

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "__test__" not in cls.__dict__:
            cls.__test__ = True

    def __init__(self, methodName="runTest"):
        super().__init__(methodName)
        self._threads = []
        self._cached = None

    def setUp(self):
        super().setUp()
        self._close_cached()
        random.seed(DEFAULT_GRAPH_SEED)
        np.random.seed(DEFAULT_GRAPH_SEED)
        reset_default_graph()
        if _floe.recording():
            get_default_graph().seed = DEFAULT_GRAPH_SEED
        else:
            set_global_seed(DEFAULT_GRAPH_SEED)
        if self.id().endswith(".test_session"):
            self.skipTest("Not a test.")

    def tearDown(self):
        for t in self._threads:
            t.join()
        self._close_cached()
        super().tearDown()

    def _close_cached(self):
        if self._cached is not None:
            self._cached[1].close()
            self._cached = None

    def get_temp_dir(self):
        """A directory of this test's own."""
        return test_support.directory_for(self.id())

    @contextlib.contextmanager
    def captureWritesToStream(self, stream):
        """Takes what is written to a stream with a file number, such as sys.stderr, in the block."""
        stream.flush()
        number = stream.fileno()
        path = os.path.join(self.get_temp_dir(), "captured")
        kept = os.dup(number)
        with open(path, "w") as f:
            os.dup2(f.fileno(), number)
        try:
            yield _Captured(path)
        finally:
            stream.flush()
            os.dup2(kept, number)
            os.close(kept)

    def checkedThread(self, target, args=None, kwargs=None):
        """A thread whose exception fails the test when it is joined."""
        t = CheckedThread(target, args, kwargs)
        self._threads.append(t._thread)
        return t

    @contextlib.contextmanager
    def session(self, graph=None, config=None, use_gpu=True, force_gpu=False):
        """A new session, the default one in the block; in eager mode nothing that can run."""
        if graph is None and not _floe.recording():
            yield _NoSession()
            return
        from .session import Session

        with Session(graph=graph, config=config) as s:
            yield s

    @contextlib.contextmanager
    def cached_session(self, graph=None, config=None, use_gpu=True, force_gpu=False):
        """The test's session, the same in every call; in eager mode one whose run() gives tensors' values."""
        if graph is None and not _floe.recording():
            yield _EagerSession(self)
            return
        from .session import Session

        graph = get_default_graph() if graph is None else graph
        if self._cached is None:
            self._cached = graph, Session(graph=graph, config=config)
        elif self._cached[0] is not graph:
            raise ValueError(
                "The graph used to get the cached session is different than the one that was used to create the session. "
                "Maybe create a new session with self.session()"
            )
        with graph.as_default(), self._cached[1].as_default():
            yield self._cached[1]

    @contextlib.contextmanager
    def test_session(self, graph=None, config=None, use_gpu=True, force_gpu=False):
        """As cached_session() without a graph, session() with one."""
        if graph is None and not _floe.recording():
            yield None
            return
        make = self.cached_session if graph is None else self.session
        with make(graph, config, use_gpu, force_gpu) as s:
            yield s

    def evaluate(self, tensors):
        """The values of tensors in a nest: at once, or from the session."""
        if tensors is None:
            return None
        if not _floe.recording():
            return nest.map_structure(self._value, tensors)
        from .session import get_default_session

        session = get_default_session()
        if session is None:
            with self.cached_session() as session:
                return session.run(tensors)
        return session.run(tensors)

    def _value(self, x):
        if x is None:
            return None
        if callable(x) and not hasattr(x, "numpy"):
            return nest.map_structure(self._value, x())
        if hasattr(x, "_session_value"):
            return x._session_value([p.numpy() for p in x._to_components()])
        if hasattr(x, "dense_shape") and hasattr(x, "values") and hasattr(x, "_to_components"):
            from .session_fetch import value_of

            return value_of(x, [p.numpy() for p in x._to_components()])
        if hasattr(x, "numpy"):
            return x.numpy()
        raise ValueError(f"Unsupported type {type(x).__name__!r}.")

    def evaluate_if_both_tensors(self, a, b):
        """Both values, when both are tensors."""
        if isinstance(a, Tensor) and isinstance(b, Tensor):
            return self.evaluate([a, b])
        return a, b

    def _array(self, a):
        """An array of what may be a tensor, a variable, a list with tensors in it."""
        if isinstance(a, Tensor) or hasattr(a, "__tf_tensor__") or hasattr(a, "nested_row_splits"):
            a = self.evaluate(a)
        elif isinstance(a, (list, tuple)) and any(hasattr(x, "dtype") or isinstance(x, Tensor) for x in a):
            a = [self._array(x) for x in a]
        if not isinstance(a, np.ndarray):
            a = np.array(a)
        return np.asarray(a)

    def _ragged(self, a):
        a = (
            self.evaluate(a)
            if hasattr(a, "ragged_rank") and not isinstance(getattr(a, "values", None), np.ndarray)
            else a
        )
        if hasattr(a, "to_list"):
            return a.to_list()
        return (
            a.tolist()
            if isinstance(a, np.ndarray)
            else self._array(a).tolist()
            if isinstance(a, Tensor)
            else a
        )

    def _texts(self, a):
        if a.dtype.kind == "U" or a.dtype == object:
            flat = [x.encode() if isinstance(x, str) else x for x in a.reshape(-1).tolist()]
            out = np.empty(len(flat), object)
            out[:] = flat
            return out.reshape(a.shape)
        return a.astype(object) if a.dtype.kind == "S" else a

    def _same_shape(self, a, b, msg):
        text = f"Shape mismatch: expected {a.shape}, got {b.shape}."
        if a.shape != b.shape and b.size < 1000:
            text = f"Shape mismatch: expected {a.shape}, got {b.shape}. Contents: {b!r}. \n{msg or ''}."
        self.assertEqual(a.shape, b.shape, text)

    def assertAllEqual(self, a, b, msg=None):
        """The values and the shapes are the same; NaNs are equal."""
        if hasattr(a, "ragged_rank") or hasattr(b, "ragged_rank"):
            self.assertEqual(self._ragged(a), self._ragged(b), msg)
            return
        a, b = self._array(a), self._array(b)
        self._same_shape(a, b, msg)
        a, b = self._texts(a), self._texts(b)
        same = a == b
        if a.dtype.kind in "fc" and b.dtype.kind in "fc":
            same = np.logical_or(same, np.logical_and(np.isnan(a), np.isnan(b)))
        if np.all(same):
            return
        where = np.where(np.logical_not(same)) if np.ndim(same) else ()
        texts = [msg] if msg else []
        texts.append(f"not equal where = {where!r}")
        texts += [f"not equal lhs = {a[where]!r}", f"not equal rhs = {b[where]!r}"]
        np.testing.assert_array_equal(a, b, err_msg="\n".join(texts))
        self.fail("\n".join(texts))

    def assertNotAllEqual(self, a, b, msg=None):
        """Some value (or the shape) differs."""
        try:
            self.assertAllEqual(a, b)
        except AssertionError:
            return
        self.fail(f"The two values are equal at all elements. {msg or ''}")

    def _close_arrays(self, a, b, rtol, atol, path, msg):
        a, b = self._array(a), self._array(b)
        if a.size == 0 and a.dtype.kind == "f":
            a = a.astype(b.dtype)
        text = f"Shape mismatch: expected {a.shape}, got {b.shape} with contents {b if b.size < 1000 else '...'}."
        self.assertEqual(a.shape, b.shape, text)
        a, b = (
            x.astype(np.float32) if x.dtype.kind == "V" or x.dtype.name == "bfloat16" else x for x in (a, b)
        )
        with np.errstate(all="ignore"):
            if np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True):
                return
            away = np.abs(a - b)
            far = np.logical_or(away > atol + rtol * np.abs(b), np.isnan(a) != np.isnan(b))
        texts = [f"Mismatched value: a{path} is different from b{path}. ", *([msg] if msg else [])]
        if a.ndim:
            where = np.where(far)
            texts.append(f"not close where = {where!r}")
        else:
            where = ()
        tolerance = np.asarray(atol + rtol * np.abs(b))
        texts += [f"not close lhs = {a[where]}", f"not close rhs = {b[where]}"]
        texts += [f"not close dif = {away[where]}", f"not close tol = {tolerance[where]}"]
        texts.append(f"dtype = {a.dtype}, shape = {a.shape}")
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg="\n".join(texts), equal_nan=True)

    def _close(self, a, b, rtol, atol, path, msg):
        if hasattr(a, "_asdict"):
            a = a._asdict()
        if hasattr(b, "_asdict"):
            b = b._asdict()
        if isinstance(a, dict) != isinstance(b, dict):
            raise ValueError(f"Can't compare dict to non-dict, a{path} vs b{path}. {msg or ''}")
        if isinstance(a, dict):
            self.assertCountEqual(
                a.keys(),
                b.keys(),
                f"mismatched keys: a{path} has keys {a.keys()}, but b{path} has keys {b.keys()}. {msg or ''}",
            )
            for k in a:
                self._close(a[k], b[k], rtol, atol, f"{path}[{k}]", msg)
            return
        if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
            try:
                arrays = self._array(a), self._array(b)
            except (ValueError, TypeError):
                arrays = None
            if arrays is not None and all(x.dtype != object for x in arrays):
                self._close_arrays(*arrays, rtol, atol, path, msg)
                return
            self.assertEqual(
                len(a),
                len(b),
                f"Mismatched length: a{path} has {len(a)} items, but b{path} has {len(b)} items. {msg or ''}",
            )
            for i, (x, y) in enumerate(zip(a, b)):
                self._close(x, y, rtol, atol, f"{path}[{i}]", msg)
            return
        self._close_arrays(a, b, rtol, atol, path, msg)

    def assertAllClose(self, a, b, rtol=1e-6, atol=1e-6, msg=None):
        """The values (in the same nest) differ by at most atol + rtol * |b|."""
        if hasattr(a, "ragged_rank") or hasattr(b, "ragged_rank"):
            self._close_lists(self._ragged(a), self._ragged(b), rtol, atol, msg)
            return
        self._close(a, b, rtol, atol, "", msg)

    def _close_lists(self, a, b, rtol, atol, msg):
        self.assertEqual(isinstance(a, list), isinstance(b, list), msg)
        if not isinstance(a, list):
            self._close_arrays(a, b, rtol, atol, "", msg)
            return
        self.assertLen(a, len(b), msg)
        for x, y in zip(a, b):
            self._close_lists(x, y, rtol, atol, msg)

    def assertNotAllClose(self, a, b, rtol=1e-6, atol=1e-6, msg=None):
        """Some value differs by more."""
        try:
            self.assertAllClose(a, b, rtol=rtol, atol=atol)
        except AssertionError:
            return
        self.fail(f"The two values are close at all elements. {msg or ''}")

    def assertAllCloseAccordingToType(
        self,
        a,
        b,
        rtol=1e-6,
        atol=1e-6,
        float_rtol=1e-6,
        float_atol=1e-6,
        half_rtol=1e-3,
        half_atol=1e-3,
        bfloat16_rtol=1e-2,
        bfloat16_atol=1e-2,
        msg=None,
    ):
        """assertAllClose with what the less precise of the two types allows."""
        a, b = self._array(a), self._array(b)
        names = {a.dtype.name, b.dtype.name}
        if names & {"float32", "complex64"}:
            rtol, atol = max(rtol, float_rtol), max(atol, float_atol)
        if "float16" in names:
            rtol, atol = max(rtol, half_rtol), max(atol, half_atol)
        if "bfloat16" in names:
            rtol, atol = max(rtol, bfloat16_rtol), max(atol, bfloat16_atol)
        self.assertAllClose(a, b, rtol=rtol, atol=atol, msg=msg)

    def assertNear(self, f1, f2, err, msg=None):
        """Two numbers differ by at most err."""
        difference = abs(f1 - f2)
        near = f1 == f2 or difference <= err
        tail = f" ({msg})" if msg else ""
        self.assertTrue(near, f"{f1:f} != {f2:f} +/- {err:f} (difference: {difference:g}){tail}")

    def assertArrayNear(self, farray1, farray2, err, msg=None):
        """The numbers of two lists differ by at most err."""
        self.assertEqual(len(farray1), len(farray2), msg)
        for a, b in zip(farray1, farray2):
            self.assertNear(float(a), float(b), err, msg)

    def assertNDArrayNear(self, ndarray1, ndarray2, err, msg=None):
        """The norm of the difference is at most err."""
        self.assertTrue(np.linalg.norm(np.asarray(ndarray1) - np.asarray(ndarray2)) < err, msg)

    def assertShapeEqual(self, input_a, input_b, msg=None):
        """Two arrays or tensors have the same shape."""
        for x in (input_a, input_b):
            if not isinstance(x, (np.ndarray, np.generic, Tensor)) and not hasattr(x, "shape"):
                raise TypeError(f"`input_a`/`input_b` must be an array or a tensor, found {type(x)}")
        shapes = [
            list(x.shape.as_list() if hasattr(x.shape, "as_list") else x.shape) for x in (input_a, input_b)
        ]
        self.assertAllEqual(*shapes, msg=msg)

    def assertDTypeEqual(self, target, expected_dtype):
        """The values are of this type."""
        self.assertEqual(self._array(target).dtype, expected_dtype)

    def assertDeviceEqual(self, device1, device2, msg=None):
        """Two names are of the same device."""
        from .config_device_spec import DeviceSpec

        a, b = (
            DeviceSpec.from_string(d or "").to_string() if not isinstance(d, DeviceSpec) else d.to_string()
            for d in (device1, device2)
        )
        self.assertEqual(a, b, f"Devices {a} and {b} are not equal. {msg or ''}")

    def assertAllGreater(self, a, comparison_target):
        """All values are above the target."""
        self.assertGreater(np.min(self._array(a)), comparison_target)

    def assertAllLess(self, a, comparison_target):
        """All values are below the target."""
        self.assertLess(np.max(self._array(a)), comparison_target)

    def assertAllGreaterEqual(self, a, comparison_target):
        """No value is below the target."""
        self.assertGreaterEqual(np.min(self._array(a)), comparison_target)

    def assertAllLessEqual(self, a, comparison_target):
        """No value is above the target."""
        self.assertLessEqual(np.max(self._array(a)), comparison_target)

    def assertAllInRange(
        self, target, lower_bound, upper_bound, open_lower_bound=False, open_upper_bound=False
    ):
        """All values are in a range; its ends belong to it unless they are open."""
        target = self._array(target)
        if target.dtype.kind not in "iuf":
            raise AssertionError(
                f"The value of {target} does not have an ordered numeric type, instead it has type: {target.dtype}"
            )
        if np.any(np.isnan(target)):
            raise AssertionError(
                f"{np.count_nonzero(np.isnan(target))} of the {target.size} element(s) are NaN."
            )
        below = target <= lower_bound if open_lower_bound else target < lower_bound
        above = target >= upper_bound if open_upper_bound else target > upper_bound
        outside = np.where(np.logical_or(below, above))
        if len(outside) and len(outside[0]):
            left, right = "(" if open_lower_bound else "[", ")" if open_upper_bound else "]"
            lines = [f"  {list(map(int, i))} : {target[tuple(i)]}" for i in zip(*outside)][:10]
            raise AssertionError(
                f"{len(outside[0])} of the {target.size} element(s) are outside the range {left}{lower_bound}, "
                f"{upper_bound}{right}. Subscript(s) and value(s) of the offending elements:\n"
                + "\n".join(lines)
            )

    def assertAllInSet(self, target, expected_set):
        """All values are in the set."""
        others = [x for x in np.unique(self._array(target)).tolist() if x not in expected_set]
        if others:
            raise AssertionError(
                f"{len(others)} unique element(s) are not in the set {expected_set}: {others}"
            )

    @contextlib.contextmanager
    def assertRaisesWithPredicateMatch(self, exception_type, expected_err_re_or_predicate):
        """The block raises an error that a predicate accepts or whose text a pattern is found in."""
        if callable(expected_err_re_or_predicate):
            accepts = expected_err_re_or_predicate
        else:

            def accepts(e):
                text = e.message if isinstance(e, OpError) else str(e)
                op = e.op if isinstance(e, OpError) else None
                while op is not None:
                    text += "\nCaused by: " + op.name
                    op = getattr(op, "_original_op", None)
                return re.search(expected_err_re_or_predicate, text) is not None

        try:
            yield
        except Exception as e:
            if not isinstance(e, exception_type) or not accepts(e):
                raise AssertionError(f"Exception of type {type(e)}: {e}") from e
            return
        self.fail(f"{getattr(exception_type, '__name__', exception_type)} not raised")

    def assertRaisesOpError(self, expected_err_re_or_predicate):
        """The block raises an OpError that matches."""
        return self.assertRaisesWithPredicateMatch(OpError, expected_err_re_or_predicate)

    def assertRaisesIncompatibleShapesError(self, exception_type=InvalidArgumentError):
        """The block raises an error about shapes that do not fit."""
        return self.assertRaisesWithPredicateMatch(
            exception_type, r"Incompatible shapes|Dimensions must be equal|required broadcastable shapes"
        )

    def assertProtoEquals(
        self, expected_message_maybe_ascii, validate_message, msg=None, relative_tolerance=None
    ):
        """Two messages (or the text of one) say the same."""
        expected = expected_message_maybe_ascii
        if isinstance(expected, (str, bytes)):
            from ..text_format import Parse

            expected = Parse(expected, type(validate_message)())
        self.assertEqual(type(expected), type(validate_message))
        self.assertEqual(str(expected), str(validate_message), msg)


@export("test.main")
def main(argv=None):
    """Runs the tests of the program."""
    import unittest

    unittest.main(argv=sys.argv if argv is None else argv)


@export("test.with_eager_op_as_function")
def with_eager_op_as_function(cls=None, only_as_function=False):
    """Accepted: gives the class itself."""
    return (lambda c: c) if cls is None else cls
