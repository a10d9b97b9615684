"""if statements and conditional expressions."""

from ... import _floe, nest
from ...api import control_flow
from ...graph import FuncGraph
from ...tensor import SymbolicTensor
from .. import locations
from . import values
from .returns import is_definite, is_flag, negates, note, note_definite, noted, pair_up
from .stand_ins import stand_in
from .values import Undefined, UndefinedReturnValue


def if_stmt(cond, body, orelse, get_state, set_state, symbol_names, nouts):
    """`if cond: body() else: orelse()`; the first `nouts` of the variables are used afterwards."""
    if not values.staged(cond):
        return body() if cond else orelse()
    cond = values.condition(cond, "if statement")
    start = get_state()
    names = symbol_names[:nouts]

    def run(block, branch):
        set_state(start)
        if block is orelse:
            # In the else branch of `if not do_return` the function has returned.
            set_state([True if is_flag(n) and negates(cond, v) else v for n, v in zip(symbol_names, start)])
        block()
        state = get_state()[:nouts]
        _check_defined(state, names, branch, block, orelse if block is body else body)
        return state

    try:
        final = _Conditional(cond, run, (body, orelse), names).record()
    except BaseException:
        set_state(start)
        raise
    set_state((*final, *start[nouts:]))


def if_exp(cond, if_true, if_false, expr_repr):
    """`if_true() if cond else if_false()`."""
    if not values.staged(cond):
        return if_true() if cond else if_false()
    cond = values.condition(cond, "conditional expression")
    return choose(cond, lambda f, _: (f(),), (if_true, if_false), (expr_repr,))[0]


_BRANCHES = ("main", "else")


def choose(cond, run, blocks, names):
    """The variables after one of two blocks, chosen by cond while the graph runs."""
    return _Conditional(cond, run, blocks, names).record()


class _Conditional:
    def __init__(self, cond, run, blocks, names):
        self.cond, self.run, self.blocks, self.names = cond, run, blocks, names

    def record(self):
        graphs, states = zip(*[_record(self.run, b, branch) for b, branch in zip(self.blocks, _BRANCHES)])
        main, orelse, ending = pair_up(self.names, *states, self._no_return)
        settled = {i: a for i, (a, b) in enumerate(zip(main, orelse)) if _is_settled(a, b)}
        open_ = [i for i in range(len(self.names)) if i not in settled]
        states = [[state[i] for i in open_] for state in (main, orelse)]
        names = [self.names[i] for i in open_]
        for name, a, b in zip(names, *states):
            _check_same(name, a, b, self.blocks)
        final = iter(self._recorded(names, graphs, states))
        result = [settled[i] if i in settled else next(final) for i in range(len(self.names))]
        for i, name in enumerate(self.names):
            if is_flag(name):
                note(result[i], ending or noted(main[i]) or noted(orelse[i]))
                if is_definite(main[i]) and is_definite(orelse[i]):
                    note_definite(result[i])
        return tuple(result)

    def _recorded(self, names, graphs, states):
        tensors = []
        for g, state in zip(graphs, states):
            with g.as_default():
                tensors.append(tuple([_own(g, values.as_tensors(n, v)) for n, v in zip(names, state)]))
        branches = [(g._core, control_flow._flat(t)) for g, t in zip(graphs, tensors)]
        op = _floe.record_branches(self.cond, branches, False, "cond")
        return control_flow._pack(tensors[0], op)

    def _no_return(self, name, branch):
        block, other = self.blocks if branch == "main" else reversed(self.blocks)
        return _missing_return(name, branch, block, other)


def _is_settled(a, b):
    """Whether a return value stays open: neither branch returned."""
    return isinstance(a, UndefinedReturnValue) and isinstance(b, UndefinedReturnValue)


def _own(graph, value):
    """A stand-in for tensors of the other branch; others as they are."""

    def leaf(t):
        foreign = isinstance(t, SymbolicTensor) and t.graph is not graph and not _encloses(t.graph, graph)
        return stand_in(t, None)[0] if foreign else t

    return nest.map_structure(leaf, value, expand_composites=True)


def _encloses(outer, graph):
    while graph is not None and graph is not outer:
        graph = graph.outer_graph
    return graph is not None


def _record(run, block, branch):
    g = FuncGraph("cond_true" if branch == "main" else "cond_false")
    with g.as_default():
        state = run(block, branch)
    outer = _floe.current_graph()
    if outer is not None and outer.building_function:
        for v in g.variables:
            outer.watch_variable(v)
    return g, state


def _check_defined(state, names, branch, block, other):
    for name, value in zip(names, state):
        if isinstance(value, Undefined):
            raise ValueError(
                f"'{name}' must also be initialized in the {branch} branch{_other_branch(name, branch, block, other)}\n"
                f"Give '{name}' a value before the `if`, or in both branches."
            )


def _missing_return(name, branch, block, other):
    return ValueError(
        f"the {branch} branch must also have a return statement.{_other_branch(name, branch, block, other)}\n"
        "Both branches of an `if` over a tensor are recorded: let every path return a value, of one dtype and structure, "
        "or none."
    )


def _other_branch(name, branch, block, other):
    there = values.place(name, None, other)
    here = locations.of_code(block) or locations.here()
    lines = [f"{branch} branch{f' ({here})' if here else ''}: no value"]
    lines.append(f"{'else' if branch == 'main' else 'main'} branch{f' ({there})' if there else ''}: a value")
    return "".join(f"\n  {line}" for line in (lines if branch == "main" else reversed(lines)))


def _check_same(name, main, orelse, blocks):
    for value, branch in zip((main, orelse), _BRANCHES):
        if value is None and (main is None or not nest.is_nested(main)):
            raise ValueError(
                f"'{name}' is None at the end of the {branch} branch.{_both(name, main, orelse, blocks)}\n"
                "A value that depends on a tensor is a tensor: give both branches one."
            )
    try:
        nest.assert_same_structure(main, orelse, expand_composites=True)
    except (TypeError, ValueError) as e:
        raise TypeError(
            f"'{name}' must have the same nested structure in the main and else branches:"
            f"{_both(name, main, orelse, blocks)}\n\n{e}"
        ) from None
    pairs = zip(nest.flatten(main, expand_composites=True), nest.flatten(orelse, expand_composites=True))
    for a, b in pairs:
        for x, branch in ((a, "main"), (b, "else")):
            if x is None:
                raise ValueError(
                    f"'{name}' is None at the end of the {branch} branch.{_both(name, main, orelse, blocks)}"
                )
        a, b = values.plain_as_tensor(a), values.plain_as_tensor(b)
        if hasattr(a, "dtype") and hasattr(b, "dtype") and a.dtype != b.dtype:
            raise TypeError(
                f"'{name}' has dtype {a.dtype.name} in the main branch, but dtype {b.dtype.name} in the else branch"
                f"{_both(name, main, orelse, blocks)}\n{_cure(name, a, b)}"
            )


def _both(name, main, orelse, blocks):
    lines = []
    for value, branch, block in zip((main, orelse), _BRANCHES, blocks):
        where = values.place(name, value, block)
        lines.append(f"\n  {branch} branch{f' ({where})' if where else ''}: {values.described(value)}")
    return "".join(lines)


def _cure(name, a, b):
    """The cast that keeps the most: to the floating type, else to the wider one."""
    wide, branch = (
        (a, "else")
        if (a.dtype.is_floating, a.dtype.size) >= (b.dtype.is_floating, b.dtype.size)
        else (b, "main")
    )
    what = name if name.isidentifier() and not name.startswith("retval_") else "value"
    return f"Give {values.spoken(name)} one dtype in both branches: tf.cast({what}, tf.{wide.dtype.name}) in the {branch} branch."
