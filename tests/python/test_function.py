"""tf.function: which calls share a trace, signatures, variables, errors, and what is left behind."""

import collections
import copy
import functools
import gc
import inspect
import logging
import threading
import weakref

import numpy as np
import pytest

import floe as tf

Point = collections.namedtuple("Point", "x y")


def spec(shape=None, dtype=tf.float32, name=None):
    return tf.TensorSpec(shape, dtype, name)


def counted(**options):
    """A tf.function that hands its argument back."""

    @tf.function(**options)
    def f(x):
        return x

    return f


@pytest.mark.parametrize(
    "first, second, traces",
    [
        (1, 1, 1),
        (1, 2, 2),
        (1, 1.0, 2),
        (0, False, 2),
        (0.0, -0.0, 2),
        (float("nan"), float("nan"), 1),
        (tf.constant(1), tf.constant(2), 1),
        (tf.constant(1), np.int32(2), 1),
        (tf.constant(1), tf.constant(1.0), 2),
        (np.array([1, 2]), np.array([3, 4]), 1),
        (np.array([1, 2]), np.array([3]), 2),
        ([1, tf.constant(2)], [1, tf.constant(3)], 1),
        ([1, 2], (1, 2), 2),
        ({"a": 1}, {"b": 1}, 2),
        ("a", "b", 2),
        (None, None, 1),
    ],
)
def test_which_arguments_share_a_trace(first, second, traces):
    f = counted()
    f(first)
    f(second)
    assert f.experimental_get_tracing_count() == traces


def test_ways_of_passing_share_a_trace():
    @tf.function
    def f(x, y=2):
        return x + y

    calls = [f(1, 2), f(1), f(1, y=2), f(x=1, y=2), f(y=2, x=1)]
    assert [c.numpy() for c in calls] == [3] * 5 and f.experimental_get_tracing_count() == 1


def test_variables_of_a_kind_share_a_trace():
    @tf.function
    def f(v, w):
        v.assign_add(1.0)
        return v * w

    a, b, c = tf.Variable(1.0), tf.Variable(10.0), tf.Variable(100.0)
    assert f(a, b).numpy() == 20 and f(b, c).numpy() == 1100 and f.experimental_get_tracing_count() == 1
    assert f(a, a).numpy() == 9 and f.experimental_get_tracing_count() == 2
    assert [v.numpy() for v in (a, b, c)] == [3.0, 11.0, 100.0]
    g = tf.function(lambda v: v + 1)
    shapes = [g(tf.Variable(x)).shape.as_list() for x in (1.0, [1.0], [2.0], [1.0, 2.0])]
    assert shapes == [[], [1], [1], [2]] and g.experimental_get_tracing_count() == 3


def test_gradients_by_variables_among_the_arguments():
    @tf.function
    def f(v):
        return v * v

    for value in (3.0, 5.0):
        v = tf.Variable(value)
        with tf.GradientTape() as tape:
            y = f(v)
        assert [w.name for w in tape.watched_variables()] == [v.name]
        assert tape.gradient(y, v).numpy() == 2 * value
    assert f.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("nested", [False, True])
def test_reduce_retracing(nested):
    shapes = []

    @tf.function(reduce_retracing=True)
    def f(x):
        shapes.append(tf.nest.flatten(x)[0].shape.as_list())
        return x

    for n in (1, 2, 3, 4):
        x = tf.ones([n, 2])
        f([x, tf.constant(1)] if nested else x)
    assert shapes == [[1, 2], [None, 2]]


def test_input_signature():
    @tf.function(input_signature=[spec([None]), {"a": spec([])}])
    def f(x, y):
        return x * y["a"]

    for x in (tf.ones([2]), [1.0, 2.0, 3.0], np.ones(4, np.float32)):
        np.testing.assert_array_equal(f(x, {"a": 2.0}), 2 * np.asarray(x))
    assert f.experimental_get_tracing_count() == 1 and f.input_signature[0] == spec([None])


@pytest.mark.parametrize(
    "value, text",
    [
        (tf.constant([1]), r"Can not cast TensorSpec\(shape=\(1,\), dtype=tf.int32, name=None\) to"),
        (tf.constant([[1.0]]), r"Can not cast TensorSpec\(shape=\(1, 1\), dtype=tf.float32"),
        ("a", "Cannot convert 'a' to EagerTensor of dtype float"),
    ],
)
def test_what_the_signature_refuses(value, text):
    f = counted(input_signature=[spec([None])])
    with pytest.raises(TypeError, match=f"Binding inputs to tf.function failed due to `{text}"):
        f(value)


@pytest.mark.parametrize(
    "signature, function, text",
    [
        ([spec()] * 2, lambda x: x, "input_signature contains 1 extra type constraints."),
        ([spec()], lambda x, y: x, "input_signature missing type constraint for y"),
        ([1], lambda x: x, "input_signature must be a possibly nested sequence of TensorSpec objects"),
        (spec(), lambda x: x, "input_signature must be either a tuple or a list"),
    ],
)
def test_signatures_that_do_not_fit_the_function(signature, function, text):
    with pytest.raises(TypeError, match=text):
        tf.function(function, input_signature=signature)


def test_defaults_behind_a_signature():
    @tf.function(input_signature=[spec([])])
    def f(x, y=3, *, z=4):
        return x * y + z

    assert f(2.0).numpy() == 10 and f(2.0, 3, z=4).numpy() == 10
    with pytest.raises(TypeError, match=r"Can not cast 5 to Literal\[3\]"):
        f(2.0, 5)


@pytest.mark.parametrize(
    "args, kwargs, text",
    [
        ((), {}, "missing a required argument: 'x'"),
        ((1, 2), {}, "too many positional arguments"),
        ((1,), {"z": 2}, "got an unexpected keyword argument 'z'"),
        ((1,), {"x": 2}, "multiple values for argument 'x'"),
    ],
)
def test_binding_errors(args, kwargs, text):
    with pytest.raises(TypeError, match=f"Binding inputs to tf.function failed due to `{text}"):
        counted()(*args, **kwargs)


def test_arguments_without_a_hash():
    with pytest.raises(TypeError, match="Could not generate a generic TraceType for"):
        counted()({1, 2})
    with pytest.raises(TypeError, match="is not a callable object"):
        tf.function(1)


def test_structures_of_results():
    @tf.function
    def f(x):
        return {"a": x, "b": [x, (x, None)], "c": Point(x, 1), "d": "s", "e": np.array([1, 2])}

    out = f(tf.constant(1))
    assert isinstance(out["c"], Point) and out["b"][1][1] is None and out["d"].numpy() == b"s"
    assert isinstance(out["b"], list) and isinstance(out["b"][1], tuple) and out["e"].shape == [2]

    for bad in (lambda: object(), lambda: lambda: 1):
        with pytest.raises(TypeError, match="Python functions must return zero or more Tensors"):
            tf.function(bad)()


class Tree:
    """A nest of the user's own."""

    def __init__(self, label, leaves):
        self.label, self.leaves = label, leaves

    def __tf_flatten__(self):
        return (self.label,), tuple(self.leaves)

    @classmethod
    def __tf_unflatten__(cls, metadata, leaves):
        return cls(*metadata, leaves)


def test_the_users_nests():
    f = tf.function(lambda t: Tree(t.label + "!", [2 * x for x in t.leaves]))
    out = f(Tree("a", [tf.constant(1), tf.constant(2.5)]))
    assert out.label == "a!" and [x.numpy() for x in out.leaves] == [2, 5.0]


class Concrete:
    @staticmethod
    def of(*args, **kwargs):
        @tf.function
        def func(x, y=5, *varargs, **kwargs):
            return x

        return func.get_concrete_function(*args, **kwargs)


@pytest.mark.parametrize(
    "traced, traced_kw, args, kwargs, text",
    [
        ((1, tf.constant(2)), {}, (1,), {}, "missing a required argument: 'y'"),
        ((1, 2, tf.constant(1.0)), {}, (1, 2), {}, "missing a required argument: 'varargs_0'"),
        ((1, 2), {}, (1, 2, 3), {}, "too many positional arguments"),
        ((1, 2), {"c": tf.constant(1.0)}, (1, 2), {}, "missing a required argument: 'c'"),
        ((1, 2), {}, (1, 2), {"c": tf.constant(1.0)}, "got an unexpected keyword argument 'c'"),
        (({"a": tf.constant(1)},), {}, (tf.constant(1), 5), {}, "Can not cast .* to a Dict type."),
        (([tf.constant(1)],), {}, (tf.constant(1), 5), {}, "Can not cast .* to list type."),
        ((tf.constant(1),), {}, (tf.constant(1.0), 5), {}, "Can not cast TensorSpec.* to TensorSpec"),
        ((5,), {}, (8, 5), {}, r"Can not cast 8 to Literal\[5\]"),
        ((5,), {}, (tf.constant(6), 5), {}, r"Can not cast .*Tensor.* to Literal\[5\]"),
    ],
)
def test_what_a_trace_refuses(traced, traced_kw, args, kwargs, text):
    with pytest.raises(TypeError, match=f"Binding inputs to tf.function failed due to `{text}"):
        Concrete.of(*traced, **traced_kw)(*args, **kwargs)


def test_calls_of_a_trace():
    @tf.function
    def f(x, y=2):
        return x[0] * y

    c = f.get_concrete_function([spec([], name="z"), 3])
    assert c(z=tf.constant(3.0)).numpy() == 6 and c([tf.constant(4.0), 3], 2).numpy() == 8
    assert c.structured_input_signature == (([spec([], name="z"), 3], 2), {})
    with pytest.raises(TypeError, match=r"f\(z\) got two values for 'z'"):
        c(tf.constant(1.0), z=tf.constant(1.0))
    with pytest.raises(
        TypeError, match=r"f\(z\): expected argument #0\(zero-based\) to be a Tensor; got int \(5\)"
    ):
        c(5)


def test_what_a_trace_tells():
    v, w = tf.Variable(3.0, name="v"), tf.Variable(1.0, trainable=False)

    @tf.function
    def f(x, y):
        return {"s": x * v, "t": [y * w]}

    c = f.get_concrete_function(spec([None, 2]), y=spec([], name="yy"))
    assert [t.name for t in c.inputs[:2]] == ["x:0", "yy:0"] and len(c.captured_inputs) == 2
    assert [x.name for x in c.variables] == ["v:0", "Variable:0"] and [
        x.name for x in c.trainable_variables
    ] == ["v:0"]
    assert c.output_shapes == {"s": tf.TensorShape([None, 2]), "t": [tf.TensorShape([])]}
    assert c.output_dtypes == {"s": tf.float32, "t": [tf.float32]} and c.graph.name == "f"
    assert c.structured_outputs["s"].graph is c.graph and c.name.startswith("__inference_f_")


def test_signatures_as_text():
    @tf.function
    def f(x, kangaroo=None, *, octopus=7):
        return x

    c = f.get_concrete_function({"a": tf.constant(5), "b": (tf.constant([1.0]), True)})
    tensor = "TensorSpec(shape={}, dtype=tf.{}, name=None)"
    a, b = tensor.format("()", "int32"), tensor.format("(1,)", "float32")
    kind = f"Dict[['a', {a}], ['b', Tuple[{b}, Literal[True]]]]"
    result = kind.replace("Literal[True]", tensor.format("()", "bool"))
    flat = f"(x: {kind}, kangaroo: Literal[None], *, octopus: Literal[7]) -> {result}"
    assert c.pretty_printed_signature(verbose=False) == flat and f"<ConcreteFunction {flat} at 0x" in repr(c)
    long = (
        f"Input Parameters:\n  x (POSITIONAL_OR_KEYWORD): {kind}\n  kangaroo (POSITIONAL_OR_KEYWORD): Literal[None]\n"
        f"  octopus (KEYWORD_ONLY): Literal[7]\nOutput Type:\n  {result}\nCaptures:\n  None"
    )
    assert f.pretty_printed_concrete_signatures() == long and str(c) == f"ConcreteFunction {long}"


def test_retrace_warning(caplog):
    f = counted()
    with caplog.at_level(logging.WARNING, "tensorflow"):
        for i in range(4):
            f(i)
        assert not caplog.records
        line = inspect.currentframe().f_lineno + 1
        f(4)
    (text,) = [r.getMessage() for r in caplog.records]
    assert text.startswith("5 out of the last 5 calls to <function counted.<locals>.f")
    assert (
        "triggered tf.function retracing. Argument 'x' was Literal[3] in the trace before and is Literal[4] now."
        in text
    )
    assert f"{__file__}:{line}" in text
    with caplog.at_level(logging.WARNING, "tensorflow"):
        for i in range(100):
            f(i)
    assert len(caplog.records) == 2


def test_new_functions_and_steady_calls_are_not_warned_of(caplog):
    with caplog.at_level(logging.WARNING, "tensorflow"):
        for i in range(20):
            counted()(i)
        f = counted()
        for i in range(40):
            f(tf.constant(i))
    assert not caplog.records


def test_variables_are_made_on_the_first_call_only():
    class Layer:
        v = None

        @tf.function
        def __call__(self, x):
            if self.v is None:
                self.v = tf.Variable(2.0 * x)
            return self.v * x

    layer = Layer()
    assert layer(tf.constant(3.0)).numpy() == 18 and layer(tf.constant(1.0)).numpy() == 6

    @tf.function
    def always():
        return tf.Variable(1.0)

    with pytest.raises(ValueError, match="only supports singleton tf.Variables created on the first call"):
        always()

    made = []

    @tf.function
    def later(flag):
        if flag:
            made.append(tf.Variable(1.0))

    later(False)
    with pytest.raises(ValueError, match="created on the first call"):
        later(True)


def test_init_scope():
    seen = []

    @tf.function
    def f(x):
        with tf.init_scope():
            seen.append((tf.executing_eagerly(), tf.constant(3.0).numpy()))
        seen.append(tf.executing_eagerly())
        return x

    f(1.0)
    assert seen == [(True, 3.0), False]


def test_methods():
    class Model:
        def __init__(self, k):
            self.k = k

        def __eq__(self, other):
            return True

        def __hash__(self):
            return 1

        @tf.function
        def scaled(self, x):
            return x * self.k

        @classmethod
        @tf.function
        def named(cls, x):
            return x + len(cls.__name__)

        @tf.function(input_signature=[spec([])])
        def signed(self, x):
            return x - self.k

    # Equal instances are different ones.
    a, b = Model(2), Model(3)
    x = tf.constant(5)
    assert [a.scaled(x).numpy(), b.scaled(x).numpy(), Model(4).scaled(x).numpy()] == [10, 15, 20]
    assert Model.scaled(a, x).numpy() == 10 and Model.named(1).numpy() == 6
    a.scaled(tf.constant(6))
    assert a.scaled.experimental_get_tracing_count() == 1
    c = a.scaled.get_concrete_function(spec([], tf.int32))
    assert c(tf.constant(7)).numpy() == 14
    alive = weakref.ref(b)
    del b
    gc.collect()
    assert alive() is None


def test_callables_of_all_kinds():
    class Adder:
        def __call__(self, x):
            return x + 1

    def g(x, y, z=1):
        return x + y * z

    assert tf.function(Adder())(1).numpy() == 2
    assert tf.function(functools.partial(g, 1, z=5))(2).numpy() == 11
    assert tf.function(tf.function(lambda x: x + 1))(1).numpy() == 2
    assert copy.deepcopy(tf.function(lambda x: x + 1))(1).numpy() == 2
    assert tf.function(g).python_function is g


def test_functions_in_functions():
    @tf.function
    def inner(x):
        return x * x

    @tf.function
    def outer(x):
        return inner(x) + inner(x + 1.0)

    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = outer(x)
    assert (
        y.numpy() == 25 and tape.gradient(y, x).numpy() == 14 and inner.experimental_get_tracing_count() == 1
    )


def test_recursion():
    @tf.function
    def factorial(n):
        return 1 if n <= 1 else n * factorial(n - 1)

    assert factorial(5).numpy() == 120

    @tf.function
    def endless(x):
        return endless(x)

    with pytest.raises(RecursionError):
        endless(tf.constant(1.0))
    assert tf.executing_eagerly() and (tf.constant(1) + 1).numpy() == 2


def test_errors_leave_eager_mode_usable():
    @tf.function
    def fails(x):
        raise ValueError("mine")

    @tf.function(input_signature=[spec(), spec()])
    def shapes(x, y):
        return x + y

    with pytest.raises(ValueError, match="mine"):
        fails(1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible shapes"):
        shapes(tf.ones([2]), tf.ones([3]))
    assert tf.executing_eagerly() and shapes(1.0, 2.0).numpy() == 3


def test_tensors_of_other_functions():
    kept = []

    @tf.function
    def f(x):
        kept.append(x + 1)
        return x

    f(tf.constant(1.0))
    with pytest.raises(TypeError, match="is out of scope and cannot be used here"):
        tf.function(lambda x: x + kept[0])(tf.constant(1.0))


@pytest.mark.parametrize("use", [lambda x: x.numpy(), lambda x: x.__array_interface__])
def test_values_in_graph_mode(use):
    with pytest.raises(
        AttributeError, match="graph mode.*py_function.*run_functions_eagerly.*return the tensor"
    ) as e:
        tf.function(use)(tf.constant(1.0))
    assert isinstance(e.value, NotImplementedError) and "has no attribute" in str(e.value)
    assert "'x:0'" in str(e.value) and __file__ in str(e.value)


@pytest.mark.parametrize(
    "use, error",
    [
        (np.sin, NotImplementedError),
        (np.array, NotImplementedError),
        (lambda x: 1 if x else 2, TypeError),
        (lambda x: [i for i in range(x)], TypeError),
        (len, TypeError),
        ([1, 2].__getitem__, TypeError),
    ],
)
def test_python_asks_for_values_in_graph_mode(use, error):
    with pytest.raises(error, match="symbolic|graph mode"):
        tf.function(lambda x: use(x), autograph=False)(tf.constant(1))


def test_iterating_over_an_unknown_length():
    f = tf.function(lambda x: list(x), autograph=False, input_signature=[spec([None])])
    with pytest.raises(TypeError, match="Iterating over a symbolic `tf.Tensor` is not allowed"):
        f([1.0])


def test_run_functions_eagerly():
    f = tf.function(lambda x: tf.constant(tf.executing_eagerly()))
    tf.config.run_functions_eagerly(True)
    try:
        assert tf.config.functions_run_eagerly() and f(1).numpy()
    finally:
        tf.config.run_functions_eagerly(False)
    assert not f(1).numpy()


def test_order_of_effects():
    v = tf.Variable(0)

    @tf.function
    def f(w):
        v.assign_add(1)
        a = w + 0
        w.assign_add(10)
        return a, v + 0

    assert [t.numpy() for t in f(v)] == [1, 11]


def test_threads_share_a_function():
    f = tf.function(lambda x: x * 2)
    results = [None] * 8

    def run(k):
        results[k] = [f(tf.fill([k % 3 + 1], float(i))).numpy().tolist() for i in range(50)]

    threads = [threading.Thread(target=run, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == [[[2.0 * i] * (k % 3 + 1) for i in range(50)] for k in range(8)]
    assert f.experimental_get_tracing_count() == 3


def resident():
    gc.collect()
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4096


def test_memory_is_flat():
    class Model:
        def __init__(self):
            self.v = tf.Variable(tf.zeros([1000]))

        @tf.function
        def step(self, x):
            return x + self.v

    f, v, x = tf.function(lambda x, w: x * w), tf.Variable(1.0), tf.constant(2.0)

    def calls():
        for _ in range(5000):
            f(x, v)

    def cycles():
        for _ in range(100):
            Model().step(x)
            tf.function(lambda x: x + 1)(x)

    for work in (calls, cycles):
        work()
        before = resident()
        work()
        assert resident() - before < 2 << 20
