"""What traced functions say when Python's control flow cannot become a graph, and what stays Python."""

import collections
import inspect
import re
import subprocess
import sys

import pytest
from test_autograph import Scaler, absolute, early_returns, plain

import floe as tf

Point = collections.namedtuple("Point", "x y")
Feature = tf.autograph.experimental.Feature


def line_of(function, text):
    """file:line of the only line of a function that holds the text."""
    function = getattr(function, "python_function", function)
    lines, first = inspect.getsourcelines(function)
    (at,) = [i for i, line in enumerate(lines) if text in line]
    return f"{__file__}:{first + at}"


def failure(function, *args):
    with pytest.raises(Exception) as e:  # noqa: PT011
        tf.function(function)(*[tf.constant(a) for a in args])
    return e.value


def test_note_3_branches_must_agree():
    def f(x):
        if x > 0:
            return x  # the first one
        return tf.cast(x, tf.float32)  # the other one

    e = failure(f, 1)
    assert type(e) is TypeError
    text = str(e)
    assert text.startswith("in user code:")
    assert "'retval_' has dtype int32 in the main branch, but dtype float32 in the else branch" in text
    assert f"main branch ({line_of(f, 'the first one')}): int32 ()" in text
    assert f"else branch ({line_of(f, 'the other one')}): float32 ()" in text
    assert "tf.cast(value, tf.float32) in the main branch" in text


def test_an_early_return_disagrees():
    def f(x):
        if x > 10:
            if x > 20:
                return x * 2
        return 1.0

    text = str(failure(f, 1))
    assert "'retval_' has dtype float32 in the main branch, but dtype int32 in the else branch" in text
    assert f"main branch ({line_of(f, '1.0')}): float32 () (the Python float 1.0)" in text
    assert f"else branch ({line_of(f, 'x * 2')}): int32 ()" in text


def assigned(x):
    if x > 0:
        y = 1.0
    else:
        y = 1  # an int
    return y


def one_branch_only(x):
    if x > 0:
        y = x
    return y  # may be unset


def no_return(x):
    if x > 0:
        return x


def none_in_else(x):
    if x > 0:
        return x
    else:
        return None


def one_and_two(x):
    if x > 0:
        return x, x
    else:
        return [x]


def ternary(x):
    return x if x > 0 else 1.0


def changing_dtype(x):
    y = 1
    while x > 0:
        y = tf.cast(y, tf.float32)
        x -= 1
    return y


def changing_shape(x):
    y = tf.zeros([1])
    while x > 0:
        y = tf.concat([y, y], 0)
        x -= 1
    return y


def changing_structure(x):
    y = (x,)
    while x > 0:
        y = (x, x)
        x -= 1
    return y


def used_before_set(x):
    while x > 0:
        y = y + x  # noqa: F821
        x -= 1
    return y


def loop_without_return(x):
    while x > 0:
        if x == 2:
            return x
        x -= 1


def python_loop(x):
    for i in range(3):
        if x > i:
            break
        x += 1
    return x


def python_while(x):
    i = 0
    while i < 3:
        if x > i:
            break
        i += 1
    return i


def number_as_condition(x):
    if x:
        return x
    else:
        return x + 1


def scalar_rows(x):
    for i in x:
        x += i
    return x


def object_in_loop(x):
    thing = object()
    while x > 0:
        thing = object()
        x -= 1
    return x, thing is None


def unset(x):
    if False:
        z = 1
    return z


def deeper(x):
    raise RuntimeError(f"deep {x.dtype.name}")


def deep_failure(x):
    return [deeper(v) for v in [x]]


def missing_key(x):
    return {}["k"]


def bad_shapes(x):
    return tf.matmul(tf.ones([2, 3]), tf.ones([2, 3]))


ERRORS = [
    (
        assigned,
        TypeError,
        "'y' has dtype float32 in the main branch, but dtype int32 in the else branch",
        "an int",
    ),
    (one_branch_only, ValueError, "'y' must also be initialized in the else branch", "if x > 0"),
    (no_return, ValueError, "the else branch must also have a return statement", "if x > 0"),
    (none_in_else, ValueError, "'retval_' is None at the end of the else branch", "return None"),
    (
        one_and_two,
        TypeError,
        "'retval_' must have the same nested structure in the main and else branches",
        "[x]",
    ),
    (
        ternary,
        TypeError,
        "'x > 0' has dtype int32 in the main branch, but dtype float32 in the else",
        "if x > 0",
    ),
    (
        changing_dtype,
        TypeError,
        "'y' has dtype int32 before the loop, but dtype float32 after one",
        "tf.cast",
    ),
    (changing_shape, ValueError, "'y' has shape (1,) before the loop, but shape (2,) after one", "concat"),
    (
        changing_structure,
        TypeError,
        "'y' does not have the same nested structure after one iteration",
        "(x, x)",
    ),
    (used_before_set, ValueError, "'y' must be defined before the loop", "y = y + x"),
    (loop_without_return, NotImplementedError, "a return statement cannot be placed inside this", "return x"),
    (
        python_loop,
        NotImplementedError,
        "break and return statements which depend on a TF condition",
        "range(3)",
    ),
    (python_while, NotImplementedError, "The condition of while loop started as non-Tensor", "while i < 3"),
    (
        number_as_condition,
        ValueError,
        "condition of if statement expected to be `tf.bool` scalar, got",
        "if x:",
    ),
    (scalar_rows, ValueError, "len requires a non-scalar tensor, got one of shape", "for i in x"),
    (object_in_loop, TypeError, "'thing' is a object", "while x > 0"),
    (unset, UnboundLocalError, "'z' is used before assignment", "return z"),
    (deep_failure, RuntimeError, "deep int32", "for v in"),
    (missing_key, KeyError, "KeyError: 'k'", "['k']".replace("'", '"')),
    (bad_shapes, ValueError, "MatMul", "tf.matmul"),
]


@pytest.mark.parametrize(
    ("function", "error", "phrase", "place"), ERRORS, ids=[e[0].__name__ for e in ERRORS]
)
def test_errors_name_the_users_lines(function, error, phrase, place):
    e = failure(function, 1)
    assert type(e).__name__ == error.__name__
    assert isinstance(e, error)
    text = str(e)
    assert text.startswith("in user code:\n")
    assert phrase in text
    where = line_of(function, place)
    assert where in text or 'File "{}", line {}'.format(*where.rsplit(":", 1)) in text
    assert "__autograph_generated_file" not in text
    assert plain(tf.function(absolute)(tf.constant(-4))) == 4


def test_a_failing_function_shows_every_users_frame():
    text = str(failure(deep_failure, 1))
    for f, line in ((deep_failure, "for v in"), (deeper, "raise")):
        where = line_of(f, line).rsplit(":", 1)
        assert 'File "{}", line {}, in {}'.format(*where, f.__name__) in text
    assert "site-packages" not in text


def test_functions_that_call_functions():
    inner = tf.function(deeper)

    def outer(x):
        return inner(x)

    def catching(x):
        try:
            inner(x)
        except RuntimeError:
            return x + 1

    text = str(failure(outer, 1))
    for f, line in ((outer, "inner(x)"), (deeper, "raise")):
        assert 'File "{}", line {}, in {}'.format(*line_of(f, line).rsplit(":", 1), f.__name__) in text
    assert text.count("File ") == 2
    assert plain(tf.function(catching)(tf.constant(1))) == 2


def test_user_exceptions():
    class Plain(Exception):
        pass

    class Special(Exception):
        def __init__(self, a, b):
            super().__init__(a, b)

    def plain_one(x):
        raise Plain("bad")

    def special_one(x):
        raise Special(1, 2)

    assert type(failure(plain_one, 1)) is Plain
    e = failure(special_one, 1)
    assert type(e).__name__ == "StagingError"
    assert "Special: (1, 2)" in str(e)


def test_a_loop_that_must_turn():
    @tf.function
    def f(x):
        while x > 0:
            y = x
            x -= 1
        return y

    assert plain(f(tf.constant(3))) == 1
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="loop must iterate at least once to initialize y"
    ):
        f(tf.constant(0))


def test_not_converted():
    @tf.autograph.experimental.do_not_convert
    def left_alone(x):
        return deeper_choice(x)

    def deeper_choice(x):
        if x > 0:
            return x
        return -x

    for f in (tf.function(lambda x: left_alone(x)), tf.function(deeper_choice, autograph=False)):
        with pytest.raises(TypeError, match="Using a symbolic `tf.Tensor` as a Python `bool` is not allowed"):
            f(tf.constant(1))


def test_eager_code_stays_python():
    seen = []

    def inside(x):
        if x > 1:
            seen.append(int(x))
        return x

    @tf.function
    def f(x):
        return tf.py_function(inside, [x], tf.int32)

    assert plain(f(tf.constant(2))) == 2
    assert seen == [2]


def test_without_source(caplog):
    scope = {"tf": tf}
    exec("def f(x):\n  if x > 0:\n    return x\n  return -x", scope)
    with pytest.raises(TypeError, match="as a Python `bool` is not allowed"):
        tf.function(scope["f"])(tf.constant(1))
    assert not caplog.records
    exec(compile("def g(x):\n  return x + 1", "<stdin>", "exec"), scope)
    g = tf.function(scope["g"])
    assert plain(g(tf.constant(1))) == 2
    assert plain(g(tf.constant(1.5))) == 2.5
    warnings = [r.getMessage() for r in caplog.records]
    assert len(warnings) == 1
    assert warnings[0].startswith("AutoGraph could not transform <function g at ")
    assert "and will run it as-is" in warnings[0]


def test_to_graph_and_to_code():
    converted = tf.autograph.to_graph(early_returns)
    assert plain(converted(tf.constant(15))) == plain(early_returns(tf.constant(15)))
    code = tf.autograph.to_code(absolute)
    assert code.startswith("def tf__absolute(x):")
    assert "ag__.if_stmt" in code
    for thing in (abs, tf.function(absolute), Scaler):
        with pytest.raises(Exception, match="doesn't expose a __code__ object") as e:
            tf.autograph.to_graph(thing)
        assert type(e.value).__name__ == "ConversionError"
    assert dir(tf.autograph) == ["experimental", "set_verbosity", "to_code", "to_graph", "trace"]
    assert sorted(n.name for n in Feature) == sorted(
        "ALL ASSERT_STATEMENTS AUTO_CONTROL_DEPS BUILTIN_FUNCTIONS EQUALITY_OPERATORS LISTS NAME_SCOPES".split()
    )


def test_nodes_know_the_users_lines():
    @tf.function
    def f(x):
        if x > 0:  # choose
            return x * 2
        return tf.sqrt(x)

    graph = f.get_concrete_function(tf.constant(1.0)).graph
    lines = {op.type: op.traceback[-1] for op in graph.get_operations()}
    assert lines["Greater"] == lines["StatelessIf"] == line_of(f, "# choose")
    assert not any("__autograph_generated_file" in where for where in lines.values())


def test_malt_is_imported_when_a_function_is_traced():
    program = (
        "import sys, floe as tf; f = tf.function(lambda x: x + 1); g = tf.autograph.experimental.do_not_convert(abs); "
        "assert 'malt' not in sys.modules; f(tf.constant(1)); assert 'malt' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_messages_hold_no_addresses_of_ours():
    assert not re.search(r"site-packages|floe/autograph", str(failure(changing_shape, 1)))
