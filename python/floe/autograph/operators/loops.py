"""while and for."""

import functools

from ... import _floe, dtypes, nest, raw_ops
from ...api import control_flow
from ...api.compose import static_value
from ...errors import OperatorNotAllowedInGraphError
from ...graph import FuncGraph
from ...tensor import SymbolicTensor, Tensor, convert_to_tensor
from ...tensor_shape import TensorShape, as_shape
from .. import errors
from ..locations import of_code
from . import lists, values
from .builtins import length
from .returns import fail, is_definite, is_flag, note
from .stand_ins import stand_in
from .values import UndefinedReturnValue

_LEGAL = "Tensor, int, float, bool or a list, tuple or dict thereof"


def while_stmt(test, body, get_state, set_state, symbol_names, opts):
    """`while test(): body()`."""
    if not _floe.recording():
        while test():
            body()
        return
    # What kind of loop it is shows in its first condition, recorded where nobody will run it.
    with FuncGraph("while_test").as_default():
        first = test()
    if values.is_tensor(first):
        graph_while(test, body, get_state, set_state, symbol_names, opts)
    elif first:
        body()
        while _python_test(
            test,
            "The condition of while loop started as non-Tensor, then changed to Tensor. This may happen either because "
            "variables changed type, or when a break or return statement inside the loop depends on a Tensor condition. In "
            "both cases, changing to a TF loop should remove the error: let the condition be a tensor from the start "
            "(`while tf.constant(True):`).",
        ):
            body()


def _python_test(test, problem):
    try:
        return bool(test())
    except OperatorNotAllowedInGraphError as e:
        raise NotImplementedError(problem) from e


def for_stmt(iter_, extra_test, body, get_state, set_state, symbol_names, opts):
    """`for x in iter_: body(x)`, while extra_test() holds where there is one."""
    loop = _graph_loop_for(iter_) if _floe.recording() else None
    if loop is not None:
        loop(iter_, extra_test, body, get_state, set_state, symbol_names, opts)
        return
    if extra_test is None:
        for x in iter_:
            body(x)
        return
    problem = (
        "break and return statements which depend on a TF condition are not supported in Python for loops. Did you intend to "
        "make it a TF loop? Iterate over a tensor: tf.range(...) in place of range(...), tf.constant(...) around a list."
    )
    if _python_test(extra_test, problem):
        for x in iter_:
            body(x)
            if not _python_test(extra_test, problem):
                break


def _graph_loop_for(iter_):
    """The loop of the graph that goes over a value; None for what Python iterates over."""
    if values.is_tensor(iter_):
        return _over_range if _is_range(iter_) else _over_rows
    if nest.is_composite(iter_) and hasattr(iter_, "nrows"):
        return _over_rows
    from ...api.data_dataset import Dataset, Iterator
    from . import datasets

    return datasets.over_elements if isinstance(iter_, (Dataset, Iterator, datasets.Source)) else None


def _is_range(t):
    return isinstance(t, SymbolicTensor) and t.graph is _floe.current_graph() and t.op.type == "Range"


class Counter:
    """A loop's own variable, carried in front of the user's."""

    def __init__(self, name, value, get_state, set_state, symbol_names):
        self.value = value
        self._get, self._set = get_state, set_state
        self.names = (name, *symbol_names)

    def get_state(self):
        return (self.value, *self._get())

    def set_state(self, state):
        self.value, *rest = state
        self._set(tuple(rest))


def both(test, extra_test):
    """A loop's own test and the user's `break`."""
    if extra_test is None:
        return test
    extra = extra_test()
    if values.is_tensor(extra):
        return raw_ops.LogicalAnd(x=test, y=convert_to_tensor(extra))
    return test if extra else convert_to_tensor(False)


def _over_range(iter_, extra_test, body, get_state, set_state, symbol_names, opts):
    start, limit, delta = iter_.op.inputs
    step = static_value(delta)

    def user_state():
        # After no turn at all, the loop's variable is its first value.
        return tuple(
            start if name == opts.get("iterate_names") and values.is_undefined(v) else v
            for name, v in zip(symbol_names, get_state())
        )

    own = Counter("<internal iterate>", start, user_state, set_state, symbol_names)

    def test():
        i = own.value
        if step is not None:
            main = raw_ops.Less(x=i, y=limit) if step >= 0 else raw_ops.Greater(x=i, y=limit)
        else:
            up = raw_ops.GreaterEqual(x=delta, y=raw_ops.ZerosLike(x=delta))
            main = raw_ops.SelectV2(
                condition=up, t=raw_ops.Less(x=i, y=limit), e=raw_ops.Greater(x=i, y=limit)
            )
        return both(main, extra_test)

    def turn():
        i = own.value
        body(i)
        own.value = raw_ops.AddV2(x=i, y=delta)

    graph_while(test, turn, own.get_state, own.set_state, own.names, opts, body)


def _over_rows(iter_, extra_test, body, get_state, set_state, symbol_names, opts):
    if not nest.is_composite(iter_):
        iter_ = convert_to_tensor(iter_)
        n = length(iter_)
    else:
        n = iter_.nrows()
    if isinstance(n, Tensor):
        n = raw_ops.Cast(x=n, DstT=dtypes.int32) if n.dtype != dtypes.int32 else n
    own = Counter("<internal iterate>", convert_to_tensor(0), get_state, set_state, symbol_names)

    def turn():
        i = own.value
        body(raw_ops.GatherV2(params=iter_, indices=i, axis=0) if isinstance(iter_, Tensor) else iter_[i])
        own.value = raw_ops.AddV2(x=i, y=1)

    graph_while(
        lambda: both(raw_ops.Less(x=own.value, y=n), extra_test),
        turn,
        own.get_state,
        own.set_state,
        own.names,
        opts,
        body,
    )


def graph_while(test, body, get_state, set_state, symbol_names, opts, user_body=None):
    """A tf.while_loop over the variables that the body changes. `user_body`: where the user's lines are."""
    Loop(test, body, get_state, set_state, symbol_names, opts, user_body or body).record()


class Loop:
    """One loop while it is recorded."""

    def __init__(self, test, body, get_state, set_state, names, opts, user_body):
        self.test, self.body = test, body
        self.get_state, self.set_state = get_state, set_state
        self.names, self.opts, self.user_body = names, opts, user_body
        self._may_return = False
        self._kinds = ()  # a variable's shapes and shape invariant, once they are known

    def record(self):
        before = self.get_state()
        try:
            final = self._recorded(before)
        except BaseException:
            self.set_state(before)
            raise
        self.set_state(final)

    def _recorded(self, before):
        invariants = self._invariants(before)
        open_ = [values.is_open(v) for v in before]
        start = self._tensor_lists(before)
        if any(open_):
            self._fill(start, invariants, open_)
        start = [values.as_tensors(n, v) for n, v in zip(self.names, start)]
        shapes = [self._shapes(n, v, i) for n, v, i in zip(self.names, start, invariants)]
        self._kinds = list(zip(shapes, invariants))
        turned = any(open_)
        flag = [convert_to_tensor(False)] if turned else []

        def cond(*state):
            self.set_state(state[len(flag) :])
            return values.condition(self.test(), "while loop")

        def body(*state):
            state = state[len(flag) :]
            for t, s in zip(state, start):
                lists.note_type(t, lists.type_of(s))
            self.set_state(state)
            self.body()
            after = tuple(self.get_state())
            self.check(state, after)
            return (*([convert_to_tensor(True)] if flag else ()), *after)

        flat_shapes = [TensorShape([])] * len(flag) + [s for group in shapes for s in group]
        final = control_flow._graph_loop(
            cond,
            body,
            (*flag, *start),
            flat_shapes,
            self.opts.get("parallel_iterations", 10),
            self.opts.get("maximum_iterations"),
            None,
        )
        if turned:
            self._require_a_turn(final[0], before, open_)
            final = final[1:]
        for name, value, first in zip(self.names, final, start):
            lists.note_type(value, lists.type_of(first))
            if is_flag(name):
                note(value, self._ending())
        return final

    def _invariants(self, before):
        given = list(self.opts.get("shape_invariants", ()))
        return [next((s for v, s in given if v is b), None) for b in before]

    def _shapes(self, name, value, invariant):
        flat = nest.flatten(value, expand_composites=True)
        if invariant is None:
            return [t.shape for t in flat]
        if nest.is_composite(value):
            # What the parts of a sparse or ragged tensor may be, follows from no shape of the whole.
            return [TensorShape(None)] * len(flat)
        given = control_flow._flat_shapes(invariant)
        if len(flat) == 1 and len(given) != 1:
            given = [TensorShape(invariant)]
        if len(given) != len(flat):
            raise TypeError(
                f"'{name}' does not have the same nested structure as its corresponding shape invariant.\n\n"
                f"  {name}: {values.described(value)}\n  shape invariant: {invariant}"
            )
        shapes = [
            as_shape(s.shape if hasattr(s, "shape") and not isinstance(s, TensorShape) else s) for s in given
        ]
        for t, s in zip(flat, shapes):
            if not control_flow._covers(s, t.shape):
                raise ValueError(
                    f"'{name}' has shape {t.shape} before the loop, which does not conform with the shape invariant {s}."
                )
        return shapes

    def _tensor_lists(self, before):
        """The variables, with lists that a turn appends to as lists of the graph."""
        growing = [i for i, v in enumerate(before) if isinstance(v, lists.GrowingList)]
        if not growing:
            return list(before)
        first, _ = self._first_turn([lists.copied(v) for v in before])
        self.set_state(before)
        start = list(before)
        if first is None:
            # Python's lists cannot do what the loop does with them (take tensors as indices); those of the graph may.
            first = [[*v, *v[:1]] if isinstance(v, lists.GrowingList) else v for v in before]
        for i in growing:
            if isinstance(first[i], list) and len(first[i]) != len(before[i]):
                start[i] = lists.in_graph(before[i], (first[i] or before[i])[-1])
        return start

    def _fill(self, start, invariants, open_):
        """Gives variables without a value one of the kind that the first turn leaves."""
        first, note = self._first_turn(start)
        for i, value in enumerate(first or ()):
            if not open_[i] or values.is_open(value):
                continue
            try:
                start[i], found = stand_in(value, invariants[i])
            except TypeError as e:
                note = note or _note(e)
            else:
                invariants[i] = invariants[i] if invariants[i] is not None else found
        for name, value in zip(self.names, start):
            if not values.is_open(value):
                continue
            if isinstance(value, UndefinedReturnValue):
                raise self._no_return(name)
            if value is None:
                raise ValueError(f"'{name}' is not allowed to be None before the loop{self._line(name)}")
            raise ValueError(f"'{name}' must be defined before the loop{note}{self._line(name)}")

    def _line(self, name):
        where = values.place(name, None, self.user_body)
        return f"\n  the loop gives it a value at {where}" if where else ""

    def _where(self, name):
        where = values.place(name, None, self.user_body)
        return f"  in the loop ({where})\n" if where else ""

    def _first_turn(self, start):
        """The variables after one turn in a graph that is never run, and what stopped it if something did."""

        def stand_in(v):
            if not isinstance(v, values._PYTHON_VALUES):
                return v
            t = values.plain_as_tensor(v)
            return g._core.add_input(t.dtype, t.shape, "variable")

        g = FuncGraph("first_turn")
        try:
            with g.as_default():
                self.set_state(tuple(nest.map_structure(stand_in, v) for v in start))
                self.body()
                return self.get_state(), ""
        except (UnboundLocalError, TypeError, ValueError, KeyError) as e:
            return None, _note(e)
        finally:
            self.set_state(tuple(start))

    def check(self, before, after):
        """Raises the error for variables that a turn leaves in another kind than it found them in."""
        for name, a, b, (s, i) in zip(self.names, before, after, self._kinds):
            self._check(name, a, b, s, i)
            if is_flag(name):
                self._may_return = not is_definite(b)

    def _check(self, name, before, after, shapes, invariant):
        try:
            nest.assert_same_structure(before, after, expand_composites=True)
        except (TypeError, ValueError) as e:
            raise TypeError(
                f"'{name}' does not have the same nested structure after one iteration.{self._sides(name, before, after)}"
                f"\n\n{e}"
            ) from None
        pairs = zip(
            nest.flatten(before, expand_composites=True), nest.flatten(after, expand_composites=True), shapes
        )
        for a, b, s in pairs:
            if b is None:
                raise ValueError(
                    f"'{name}' is None at the end of the iteration.{self._sides(name, before, after)}"
                )
            b = values.plain_as_tensor(b)
            if not hasattr(b, "dtype") or not hasattr(b, "shape"):
                continue
            if a.dtype != b.dtype:
                raise TypeError(
                    f"'{name}' has dtype {a.dtype.name} before the loop, but dtype {b.dtype.name} after one iteration"
                    f"{self._sides(name, before, after)}\n"
                    f"Keep one dtype: start with tf.cast({name}, tf.{b.dtype.name}) before the loop, or end the turn with "
                    f"tf.cast({name}, tf.{a.dtype.name})."
                )
            if control_flow._covers(s, b.shape):
                continue
            if invariant is None:
                raise ValueError(
                    f"'{name}' has shape {s} before the loop, but shape {b.shape} after one iteration. Use "
                    "tf.autograph.experimental.set_loop_options to set shape invariants."
                    f"{self._sides(name, before, after)}\nAs the first statement of the loop: "
                    f"tf.autograph.experimental.set_loop_options(shape_invariants=[({name}, "
                    f"tf.TensorShape({_common(s, b.shape)}))])"
                )
            raise ValueError(
                f"'{name}' has shape {b.shape} after one iteration, which does not conform with the shape invariant {s}."
                f"{self._sides(name, before, after)}"
            )

    def _sides(self, name, before, after):
        where = values.place(name, after, self.user_body) or of_code(self.user_body)
        return (
            f"\n  before the loop: {values.described(before)}"
            f"\n  after one iteration{f' ({where})' if where else ''}: {values.described(after)}"
        )

    def _require_a_turn(self, turned, before, open_):
        missing = [
            name
            for name, v, is_open in zip(self.names, before, open_)
            if is_open and not isinstance(v, UndefinedReturnValue)
        ]
        if missing:
            _require(turned, ", ".join(missing))

    def _ending(self):
        """What happens where the function ends and the loop may not have returned."""
        if not self._may_return:
            return functools.partial(_require, what="the function return value")
        name = next((n for n in self.names if n.startswith("retval_")), "retval_")
        return functools.partial(fail, errors.raised_here(self._no_return(name)))

    def _no_return(self, name):
        return NotImplementedError(
            "a return statement cannot be placed inside this TensorFlow loop; this may happen if a return statement depends "
            f"on a static Python condition such as a hyperparameter\n{self._where(name)}The function may end after the loop "
            "without a value: return one after the loop too."
        )


def _note(e):
    text = str(e).split("\n", 1)[0]
    return f"\nNote: AutoGraph tried to define it automatically, but ran into a {type(e).__name__}: {text}"


def _require(condition, what):
    from ...api.debug_values import Assert

    Assert(condition, [f"loop must iterate at least once to initialize {what}"])


def _common(a, b):
    if a.ndims is None or a.ndims != b.ndims:
        return None
    return [x if x == y else None for x, y in zip(a.as_list(), b.as_list())]
