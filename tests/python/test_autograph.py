"""Python control flow in traced functions: as Python runs it, and the errors where a graph cannot."""

import collections
import functools

import numpy as np
import pytest

import floe as tf

Point = collections.namedtuple("Point", "x y")
Feature = tf.autograph.experimental.Feature


def absolute(x):
    if x > 0:
        y = x
    else:
        y = -x
    return y


def ladder(x):
    if x > 10:
        r = 1
    elif x > 5:
        r = 2
    else:
        r = 3
    return r * x


def early_returns(x):
    y = x + 1
    if x > 10:
        y = y * 2
        if x > 20:
            return y, x
        y = y + 3
    elif x > 5:
        return -x, x
    if y > 25:
        return -y, x
    return y, -x


def return_in_loop(n):
    for i in tf.range(n):
        if i == 2:
            return i * 10
    return -1


def return_in_nested_loops(x):
    for row in x:
        for v in row:
            if v < 0:
                return v
    return 0


def while_break_continue(n):
    i = 0
    total = 0
    while i < n:
        i += 1
        if i % 2 == 0:
            continue
        if i > 7:
            break
        total += i
    return i, total


def endless(n):
    i = 0
    while tf.constant(True):
        i += 1
        if i > n:
            break
    return i


def over_rows(x):
    total = 0
    for v in x:
        if v == 3:
            continue
        if v > 5:
            break
        total += v
    return total


def over_matrix(x):
    total = 0
    for row in x:
        for v in row:
            if v < 0:
                break
            total += v
    return total


def over_range(a, b, d):
    total = 0.0
    for i in tf.range(a, b, d):
        total = total * 2.0 + tf.cast(i, tf.float32)
    return total


def over_python_range(n):
    total = 0
    for i in range(n):
        total += i
    for i in range(1, n, 2):
        total += i
    return total


def unrolled(x):
    rows = []
    for i in range(4):
        if i != 2:
            rows.append(x * i)
    return tf.stack(rows)


def loop_of_branches(x):
    if x > 0:
        while x < 100:
            x *= 2
    else:
        for i in tf.range(3):
            x -= i
    return x


def unset_before_loop(n):
    for i in tf.range(n):
        last = i * 2
        both = [last, 1.5]
    return last, both


def logic(x, y):
    return x < y < 10, 0 < x <= y != 7, not (x > 1 or y > 1), x == 2 and y == 3


def mixed_logic(x):
    flag = True
    if flag and x > 0 or x == -5:
        return x
    return x * 0


def ternaries(x):
    return x if x > 10 else (x * 2 if x > 0 else -x)


def structures(x):
    d = {"a": x, "b": (x, x)}
    p = Point(x, x)
    while x > 0:
        d = {"a": d["a"] + 1, "b": (x, d["b"][0])}
        p = Point(p.y, p.x + x)
        x -= 1
    return d, p


def comprehensions(x):
    items = [x * i for i in range(4) if i != 1]
    table = {i: v + 1 for i, v in enumerate(items)}
    return items, table, sum(v for v in items), [a * b for a, b in zip(items, [1, 2, 3])]


def closures(x):
    n = 0

    def bump(by):
        nonlocal n
        if by > 0:
            n = n + by
        return n

    bump(x)
    bump(-x)
    return bump(x), (lambda y: y + 1 if y > 3 else y - 1)(x)


def factorial(n, k=5):
    if k == 0:
        return n * 0 + 1
    return factorial(n, k - 1) * k


def scaled(times):
    def decorator(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            result = function(*args, **kwargs)
            if result > 5:
                return result * times
            return result

        return wrapper

    return decorator


@scaled(10)
def decorated(x):
    if x > 0:
        return x + 1
    return x - 1


def pairs(n):
    for i in range(n):
        yield i, i + 1


def calls_of_many_kinds(x):
    total = decorated(x) + functools.partial(factorial, k=3)(x)
    for a, b in pairs(3):
        total += a * b
    return total + int(np.sum(np.ones([2], np.int32)))


def guarded(x):
    notes = []
    try:
        if x > 0:
            y = x * 2
        else:
            y = x
    finally:
        notes.append(1)
    with tf.name_scope("inner"):
        if y > 3:
            y += 1
    return y, len(notes)


def handlers(x):
    notes = ""
    try:
        if x > 0:
            y = x
        else:
            y = -x
        raise ValueError("a")
    except (ValueError, TypeError) as e:
        try:
            raise KeyError("b") from e
        except KeyError as k:
            notes = str(k) + str(e) + str(k.__cause__)
    else:
        notes = "never"
    return y, len(notes)


def loops_with_else(n):
    i = 0
    while i < n:
        i += 1
        if i == 6:
            break
    else:
        i = -i
    found = 0
    for v in tf.range(n + 6):
        for w in tf.range(3):
            if w == 9:
                break
        else:
            found += 1
        if v == 7:
            break
    else:
        found = found * 100
    for _ in range(2):
        found += 1
    else:
        found += 10
    return i, found


def many_statements(x):
    """Syntax that holds no control flow over tensors."""
    a = b = x
    a, (b, *c) = b + 1, (a, 1, 2)
    count: int = 0
    items = [a, b, *c]
    del items[0]
    items[0:1] = [b, b]
    for i, (k, v) in enumerate([(1, x), (2, x)]):
        if v > 0:
            count += k * v + i
    nested = [[i * j for j in range(2) if j] for i in range(2)]
    pick = lambda a, *b, **c: a if a > 0 else -a
    return items[::-1], count, sum(a for b in nested for a in b), [pick(v, 1, z=2) for v in (x, -x)]


def walrus(x):
    if (y := x + 1) > 3:
        z = y
    else:
        z = -y
    return z


def items_and_deletion(x):
    a = [x, x]
    unused = 1
    del unused
    if x > 0:
        a[0] = x * 2
    assert isinstance(a, list)
    return a, f"{len(a)}" == "2"


SCALARS = [(25,), (15,), (12,), (7,), (3,), (2,), (1,), (0,), (-5,)]
CASES = [
    *[
        (f, SCALARS)
        for f in (
            absolute,
            ladder,
            early_returns,
            while_break_continue,
            endless,
            over_python_range,
            unrolled,
            loop_of_branches,
            mixed_logic,
            ternaries,
            structures,
            comprehensions,
            closures,
            factorial,
            decorated,
            calls_of_many_kinds,
            guarded,
            handlers,
            loops_with_else,
            many_statements,
            walrus,
            items_and_deletion,
        )
    ],
    (return_in_loop, [(1,), (5,), (0,)]),
    (unset_before_loop, [(3,), (1,)]),
    (over_rows, [([1, 3, 4, 7, 9],), ([1, 2],), ([7],)]),
    (over_matrix, [([[1, 2, -1, 4], [5, -6, 7, 8]],)]),
    (return_in_nested_loops, [([[1, -2], [-3, 4]],), ([[1, 2], [3, 4]],)]),
    (over_range, [(5, 0, -2), (1, 8, 3), (3, 3, 1)]),
    (logic, [(2, 3), (20, 3), (0, 0), (7, 7)]),
]


def deeper(x):
    raise RuntimeError(f"deep {x.dtype.name}")


def plain(x):
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    return x.numpy().tolist() if hasattr(x, "numpy") else x


@pytest.mark.parametrize(("function", "inputs"), CASES, ids=[f.__name__ for f, _ in CASES])
def test_as_python_runs_it(function, inputs):
    traced = tf.function(function)
    for args in inputs:
        tensors = [tf.constant(a) for a in args]
        assert plain(traced(*tensors)) == plain(function(*tensors)), args
    assert traced.experimental_get_tracing_count() == len({np.shape(a[0]) for a in inputs})


@pytest.mark.parametrize("function", [over_rows, over_matrix])
def test_unknown_shapes(function):
    value = [1, 3, 4] if function is over_rows else [[1, 2], [3, -1]]
    spec = tf.TensorSpec([None] * np.ndim(value), tf.int32)
    traced = tf.function(function, input_signature=[spec])
    assert plain(traced(tf.constant(value))) == plain(function(tf.constant(value)))


def test_ragged_rows():
    def f(rows):
        total = 0
        for row in rows:
            if tf.size(row) > 1:
                total += tf.reduce_sum(row)
        return total

    rows = tf.ragged.constant([[1, 2], [3], [4, 5, 6]])
    assert plain(tf.function(f)(rows)) == 18


def test_no_turn():
    @tf.function
    def f(n):
        total = 0
        for i in tf.range(n):
            total += i
        return total, i

    assert plain(f(tf.constant(0))) == [0, 0]


class Scaler:
    rate = 3

    def __init__(self):
        self.count = tf.Variable(0)

    def step(self, x):
        while x < 0:
            x += self.rate
        return x

    @tf.function
    def traced(self, x):
        if x > 0:
            self.count.assign_add(1)
            self.last = x * self.rate
        else:
            self.last = self.step(x)
        return self.last

    def __call__(self, x):
        return x if x > 0 else -x


class Doubler(Scaler):
    def step(self, x):
        if x > 5:
            return super().step(x) * 2
        return super(Doubler, self).step(x) * 2  # noqa: UP008


def test_methods():
    s, d = Scaler(), Doubler()
    assert plain(s.traced(tf.constant(2))) == 6
    assert plain(s.traced(tf.constant(-7))) == 2
    assert plain(s.count) == 1
    assert plain(d.traced(tf.constant(-7))) == 4
    assert plain(tf.function(s)(tf.constant(-9))) == 9
    assert plain(tf.function(d.step)(tf.constant(8))) == 16
    assert plain(tf.function(lambda x: s(x))(tf.constant(-9))) == 9


_state = 1


def test_globals_and_attributes():
    class Box:
        pass

    box = Box()

    @tf.function
    def f(x):
        global _state
        _state = 7
        box.a = x
        if x > 0:
            box.a = x * 2
        for i in tf.range(3):
            box.a += i
        return box.a + _state

    assert plain(f(tf.constant(2))) == 14
    assert plain(f(tf.constant(-2))) == 8
    assert _state == 7


def test_effects_happen_where_they_are_due():
    v = tf.Variable(0)

    @tf.function
    def f(x):
        if x > 0:
            v.assign_add(x)
        for i in tf.range(x):
            v.assign_add(i)
        while v > 100:
            v.assign(0)

    f(tf.constant(3))
    assert plain(v) == 6
    f(tf.constant(-1))
    assert plain(v) == 6


def test_variable_as_condition():
    v = tf.Variable(True)

    @tf.function
    def f(x):
        if v:
            return x
        return -x

    assert plain(f(tf.constant(3))) == 3
    v.assign(False)
    assert plain(f(tf.constant(3))) == -3


def test_gradients():
    @tf.function
    def power(x):
        y = x
        for i in tf.range(3):
            if i > 0:
                y = y * x
        return y

    @tf.function
    def squares(x):
        total = 0.0
        for v in x:
            total += v * v
        return total

    for f, x, want in ((power, 2.0, 12.0), (squares, [1.0, 2.0, 3.0], [2.0, 4.0, 6.0])):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        assert plain(tf.convert_to_tensor(tape.gradient(y, x))) == want


def test_gradients_taken_inside():
    @tf.function
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            while tf.reduce_sum(y) < 100.0:
                y = y * y
            if tf.reduce_sum(x) > 5.0:
                y = y * 2.0
            else:
                y = y + x
        return tape.gradient(y, x)

    def by_hand(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            while tf.reduce_sum(y) < 100.0:
                y = y * y
            y = y * 2.0 if tf.reduce_sum(x) > 5.0 else y + x
        return tape.gradient(y, x)

    for x in ([2.0, 3.0], [3.0, 4.0], [60.0, 50.0]):
        x = tf.constant(x)
        assert plain(f(x)) == plain(by_hand(x))


def test_datasets_and_iterators():
    data = tf.data.Dataset.range(5)
    source = iter(tf.data.Dataset.range(7))

    @tf.function
    def until(n):
        total = tf.constant(0, tf.int64)
        for x in data:
            if x > n:
                break
            total += x
        for a, b in data.map(lambda v: (v, v * 2)):
            total += a * b
        return total

    @tf.function
    def pair():
        return next(source) + next(source)

    assert plain(until(tf.constant(2, tf.int64))) == 63
    assert plain(until(tf.constant(9, tf.int64))) == 70
    assert [plain(pair()), plain(pair())] == [1, 5]


def test_iterators_made_inside():
    data = tf.data.Dataset.range(7)

    @tf.function
    def resumed(start):
        total = start
        source = iter(data)
        for x in source:
            total = total * 10 + x
            break
        total = total * 10 + next(source)
        for x in source:
            total = total * 10 + x
        return total

    @tf.function
    def first(start):
        for x in data:
            return x + start
        return start

    @tf.function
    def beyond(more):
        source = iter(data)
        while more:
            next(source)

    zero = tf.constant(0, tf.int64)
    assert [plain(resumed(zero)), plain(resumed(zero))] == [123456, 123456]
    assert plain(first(zero + 3)) == 3
    with pytest.raises(tf.errors.OutOfRangeError):
        beyond(tf.constant(True))
    assert plain(first(zero)) == 0


@pytest.mark.parametrize(
    "make", [tf.constant, lambda x: tf.range(len(x)), tf.data.Dataset.from_tensor_slices]
)
def test_what_is_iterated_does_not_change_the_errors(make):
    def dtype(rows):
        n = 0
        for _ in rows:
            n = 0.5
        return n

    def structure(rows):
        s = [1]
        for _ in rows:
            s = s + [1]
        return s

    rows = make([1, 2, 3])
    with pytest.raises(TypeError, match="'n' has dtype int32 before the loop, but dtype float32 after one"):
        tf.function(dtype)(rows)
    with pytest.raises(TypeError, match="'s' does not have the same nested structure after one iteration"):
        tf.function(structure)(rows)


def test_growing_lists():
    def numbers(n):
        items = []
        for i in range(n):
            items.append(i * 2)
        return tf.stack(items), len(items)

    def table(m, n):
        rows = []
        for i in range(m):
            row = []
            for j in range(n):
                row.append(i * j)
            rows.append(tf.stack(row))
        return tf.stack(rows)

    def fibonacci(n):
        items = []
        items.append(1)
        items.append(1)
        for i in range(2, n):
            items.append(items[i - 1] + items[i - 2])
            items[i - 2] = -items[i - 2]
        return tf.stack(items)

    for f, args in ((numbers, (4,)), (table, (3, 2)), (fibonacci, (6,))):
        traced = tf.function(f, experimental_autograph_options=Feature.LISTS)
        want = plain(f(*args))
        assert plain(traced(*args)) == want
        assert plain(traced(*[tf.constant(a) for a in args])) == want


def test_return_in_try():
    def f(x):
        try:
            if x > 0:
                return 1
            return 0
        finally:
            x = x + 1

    def g(c):
        if c:
            return 2
        try:
            return deeper(c)
        except RuntimeError:
            pass
        return 1

    for function, inputs in ((f, (1, 0)), (g, (True, False))):
        for x in inputs:
            assert plain(tf.function(function)(tf.constant(x))) == plain(function(tf.constant(x)))


def test_strict_conversion(monkeypatch):
    def numbers():
        yield 1

    monkeypatch.setenv("AUTOGRAPH_STRICT_CONVERSION", "1")
    with pytest.raises(NotImplementedError, match="generators are not supported"):
        tf.function(numbers)()


def test_callbacks_of_map_fn():
    def g(v):
        if v > 1:
            return v * 2
        return v

    assert plain(tf.function(lambda x: tf.map_fn(g, x))(tf.constant([1, 2, 3]))) == [1, 4, 6]


def test_loop_options():
    @tf.function
    def grow(n):
        v = tf.constant([0])
        for i in tf.range(n):
            tf.autograph.experimental.set_loop_options(shape_invariants=[(v, tf.TensorShape([None]))])
            v = tf.concat([v, [i]], 0)
        return v

    @tf.function
    def two_turns(n):
        v = 0
        for i in tf.range(n):
            tf.autograph.experimental.set_loop_options(maximum_iterations=2)
            v += i
        return v

    assert plain(grow(tf.constant(3))) == [0, 0, 1, 2]
    assert plain(two_turns(tf.constant(30))) == 1


def test_features(capsys):
    @tf.function(experimental_autograph_options=(Feature.EQUALITY_OPERATORS, Feature.BUILTIN_FUNCTIONS))
    def f(x):
        print("value", x, 3)
        return x == 3, len(x), abs(x), max(x), min(2, x[0])

    x = tf.constant([-3, 4])
    assert plain(f(x)) == [[False, False], 2, [3, 4], 4, -3]
    assert capsys.readouterr().out == "value [-3  4] 3\n"
    f(x)
    assert capsys.readouterr().out == "value [-3  4] 3\n"


def test_print_shows_while_tracing(capsys):
    @tf.function
    def f(x):
        print("tracing", x.shape)
        return x

    f(tf.constant(1))
    f(tf.constant(2))
    assert capsys.readouterr().out == "tracing ()\n"


def test_assert():
    @tf.function
    def f(x):
        assert x > 4, f"too small: {x.dtype.name}"
        return x

    assert plain(f(tf.constant(5))) == 5
    with pytest.raises(tf.errors.InvalidArgumentError, match="too small: int32"):
        f(tf.constant(3))
    assert plain(f(tf.constant(6))) == 6
