"""Conditionals and loops on tensors: tf.cond, tf.case, tf.switch_case, tf.while_loop."""

from .. import _floe, dtypes, nest
from ..export import export
from ..graph import FuncGraph, Operation
from ..tensor import SymbolicTensor, Tensor, convert_to_tensor
from ..tensor_shape import TensorShape, as_shape
from . import context
from .variable import Variable


def _value(x):
    """What a branch returns, as something that can leave it."""
    if x is None or isinstance(x, Tensor) or nest.is_composite(x):
        return x
    if isinstance(x, Operation):
        # An operation has no value: a tensor that is there when it has run stands for it.
        with _floe.current_graph().control_dependencies([x]):
            return convert_to_tensor(True)
    if isinstance(x, Variable):
        return x._read()
    return convert_to_tensor(x)


def _record(name, function, args=()):
    """function(*args) in a graph of its own: the graph and the structure of what it returned."""
    g = FuncGraph(name)
    with g.as_default():
        result = function(*args)
        result = nest.map_structure(_value, result, expand_composites=True)
    _used_inside(g.variables)
    return g, result


def _used_inside(variables):
    """What a part of a conditional or a loop reads, the graph around it and its tapes read."""
    outer = _floe.current_graph()
    for v in variables:
        if v.trainable:
            _floe.variable_accessed(v.handle)
        if outer is not None and outer.building_function:
            outer.watch_variable(v)


def _flat(structure):
    return [t for t in nest.flatten(structure, expand_composites=True) if t is not None]


def _describe(graph, t):
    if t is None:
        return "None"
    where = graph._core.location(t._node_id) if isinstance(t, SymbolicTensor) and t.graph is graph else ""
    return f"{t.dtype.name} {t.shape}{f' ({where})' if where else ''}"


def _check_branches(what, names, graphs, results):
    first = results[0]
    for name, g, r in zip(names[1:], graphs[1:], results[1:]):
        try:
            nest.assert_same_structure(first, r, expand_composites=True)
        except (TypeError, ValueError):
            raise TypeError(
                f"{names[0]} and {name} arguments to {what} must have the same number, type, and overall structure of "
                f"return values.\n\n{names[0]} output: {first}\n{name} output: {r}\n\nThe two branches of the conditional "
                "return different structures: return the same nest of tensors from both."
            ) from None
        for a, b in zip(nest.flatten(first, expand_composites=True), nest.flatten(r, expand_composites=True)):
            if (a is None) != (b is None) or a is not None and a.dtype != b.dtype:
                cast = "" if a is None or b is None else f" Cast one of them: tf.cast(x, tf.{a.dtype.name})."
                raise TypeError(
                    f"Cannot reconcile {what} branches: {names[0]} returns {_describe(graphs[0], a)}, {name} returns "
                    f"{_describe(g, b)}.{cast}"
                )


def _pack(structure, op):
    outputs = iter(op.outputs)
    flat = [None if t is None else next(outputs) for t in nest.flatten(structure, expand_composites=True)]
    return nest.pack_sequence_as(structure, flat, expand_composites=True)


def _branches(what, selector, names, functions, is_case, name):
    recorded = [_record(f"{name}_{n}", f) for n, f in zip(names, functions)]
    graphs, results = [r[0] for r in recorded], [r[1] for r in recorded]
    _check_branches(what, names, graphs, results)
    # Slices keep their parts, so the same tensors come in the same order from each.
    op = _floe.record_branches(selector, [(g._core, _flat(r)) for g, r in recorded], is_case, name)
    return _pack(results[0], op), op


@export("cond")
def cond(pred, true_fn=None, false_fn=None, name=None):
    """true_fn() where pred is true, else false_fn(). While a graph is recorded, both are: what they return must agree."""
    if not callable(true_fn):
        raise TypeError("'true_fn' must be callable.")
    if not callable(false_fn):
        raise TypeError("'false_fn' must be callable.")
    if not _floe.recording():
        if isinstance(pred, Tensor) and pred.shape.ndims:
            if pred.shape.num_elements() != 1:
                raise ValueError(
                    f"The truth value of a tensor with shape {pred.shape} is not a single one: `pred` of tf.cond is a boolean scalar."
                )
        result = true_fn() if pred else false_fn()
        return nest.map_structure(_value, result)
    if isinstance(pred, bool):
        raise TypeError("pred must not be a Python bool")
    pred = convert_to_tensor(pred)
    if pred.shape.ndims != 0:
        from .. import raw_ops

        pred = raw_ops.Squeeze(input=pred)
    result, _ = _branches(
        "tf.cond", pred, ("true_fn", "false_fn"), (true_fn, false_fn), False, name or "cond"
    )
    return result


@export("compat.v1.cond")
def cond_v1(pred, true_fn=None, false_fn=None, strict=False, name=None, fn1=None, fn2=None):
    """As tf.cond; TensorFlow 1's way returns what is alone in a list or tuple without it, unless strict."""
    true_fn = fn1 if true_fn is None else true_fn
    false_fn = fn2 if false_fn is None else false_fn
    if true_fn is None:
        raise TypeError("cond(): 'true_fn' argument required")
    if false_fn is None:
        raise TypeError("cond(): 'false_fn' argument required")
    result = cond(pred, true_fn, false_fn, name)
    if (
        not strict
        and not context.control_flow_v2_enabled()
        and isinstance(result, (list, tuple))
        and len(result) == 1
        and not hasattr(result, "_fields")
    ):
        return result[0]
    return result


def _numbered(branch_fns):
    if isinstance(branch_fns, dict):
        pairs = list(branch_fns.items())
    elif all(isinstance(b, (list, tuple)) for b in branch_fns):
        pairs = [tuple(b) for b in branch_fns]
        if any(len(p) != 2 for p in pairs):
            raise TypeError("Each entry of branch_fns must be a (index, callable) pair.")
    else:
        pairs = list(enumerate(branch_fns))
    if not pairs:
        raise ValueError("Must provide at least one item in branch_fns")
    for i, f in pairs:
        if not isinstance(i, int):
            raise TypeError(f"key must be a Python `int`, got {i}")
        if not callable(f):
            raise TypeError(f"fn for key {i} must be callable.")
    if sorted(i for i, _ in pairs) != list(range(len(pairs))):
        raise ValueError(
            f"branch indices must form contiguous range of [0 to {len(pairs)}) but found {{{','.join(str(i) for i, _ in sorted(pairs, key=lambda p: p[0]))}}}"
        )
    return [f for _, f in sorted(pairs, key=lambda p: p[0])]


@export("switch_case")
def switch_case(branch_index, branch_fns, default=None, name="switch_case"):
    """branch_fns[branch_index](); default() (or the last branch) where the index is out of range."""
    if not isinstance(branch_fns, (list, tuple, dict)):
        raise TypeError("'branch_fns' must be a list, tuple, or dict")
    functions = _numbered(branch_fns)
    if default is not None:
        if not callable(default):
            raise TypeError(f"'default' must be callable, currently {type(default)}")
        functions.append(default)
    if not _floe.recording():
        i = int(branch_index)
        f = functions[i if 0 <= i < len(functions) else -1]
        return nest.map_structure(_value, f())
    index = convert_to_tensor(branch_index)
    if index.dtype != dtypes.int32:
        raise TypeError(f"branch_index must be a int32 Tensor, but is {index.dtype.name}")
    names = [f"branch_{i}" for i in range(len(functions))]
    result, _ = _branches("tf.switch_case", index, names, functions, True, name or "switch_case")
    return result


def _pairs(pred_fn_pairs):
    if isinstance(pred_fn_pairs, dict):
        pairs = [(k.deref() if hasattr(k, "deref") else k, f) for k, f in pred_fn_pairs.items()]
    elif isinstance(pred_fn_pairs, (list, tuple)):
        pairs = pred_fn_pairs
    else:
        raise TypeError("'pred_fn_pairs' must be a list, tuple, or dict.")
    for p in pairs:
        if not isinstance(p, (list, tuple)) or len(p) != 2:
            raise TypeError(f"Each entry in 'pred_fn_pairs' must be a 2-tuple. Received {p}.")
        if not callable(p[1]):
            raise TypeError(f"fn for pred {p[0]} must be callable.")
    return pairs


@export("case")
def case(pred_fn_pairs, default=None, exclusive=False, strict=False, name="case"):
    """The first function whose predicate is true; default() when none is."""
    pairs = _pairs(pred_fn_pairs)
    if default is not None and not callable(default):
        raise TypeError("default must be callable.")
    if not pairs:
        if default is None:
            raise ValueError("tf.case needs at least one pair or a default.")
        return default()
    if exclusive:
        from .debugging import Assert

        hits = sum(_int(p) for p, _ in pairs)
        Assert(
            hits <= 1,
            ["Input error: exclusive=True: more than 1 conditions evaluated as True but exclusive=True."],
        )

    def pick(i):
        p, f = pairs[i]
        if i + 1 == len(pairs):
            return f() if default is None else cond(p, f, default)
        return cond(p, f, lambda: pick(i + 1))

    if not _floe.recording():
        for p, f in pairs:
            if p:
                return f()
        if default is None:
            from ..errors import InvalidArgumentError

            raise InvalidArgumentError(
                None, None, "None of the conditions evaluated as True, and there is no default."
            )
        return default()
    return pick(0)


def _int(p):
    from .. import raw_ops

    return raw_ops.Cast(x=p, DstT=dtypes.int32)


export_case_v1 = export("compat.v1.case")(case)


def _shapes_of(loop_vars, invariants):
    flat = nest.flatten(loop_vars, expand_composites=True)
    if invariants is None:
        return [t.shape for t in flat]
    given = []
    for s in _flat_shapes(invariants):
        given.append(as_shape(s.shape if hasattr(s, "shape") and not isinstance(s, TensorShape) else s))
    if len(given) != len(flat):
        raise ValueError("`shape_invariants` must have the same structure as `loop_vars`.")
    for s, t in zip(given, flat):
        if not _covers(s, t.shape):
            raise ValueError(
                f"The shape invariant specified for {getattr(t, 'name', t)} is not compatible with the initial shape of the "
                f"loop variable. It enters the loop with shape {t.shape}, but the specified shape invariant is {s}."
            )
    return given


def _flat_shapes(structure):
    """The shapes in a nest; a list or tuple of numbers and Nones would be one shape only as a TensorShape."""
    if isinstance(structure, dict):
        return [s for k in sorted(structure) for s in _flat_shapes(structure[k])]
    if isinstance(structure, (list, tuple)) and not isinstance(structure, TensorShape):
        return [s for x in structure for s in _flat_shapes(x)]
    return [structure]


def _covers(general, special):
    """Whether every tensor of shape `special` is one of shape `general`."""
    if general.ndims is None:
        return True
    if special.ndims != general.ndims:
        return False
    return all(g is None or g == s for g, s in zip(general.as_list(), special.as_list()))


@export("while_loop")
def while_loop_v2(
    cond,
    body,
    loop_vars,
    shape_invariants=None,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    maximum_iterations=None,
    name=None,
):
    """loop_vars = body(*loop_vars) while cond(*loop_vars); shapes stay what they are, or what shape_invariants says."""
    return _while_loop(
        cond, body, loop_vars, shape_invariants, parallel_iterations, maximum_iterations, name, True
    )


@export("compat.v1.while_loop")
def while_loop_v1(
    cond,
    body,
    loop_vars,
    shape_invariants=None,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    name=None,
    maximum_iterations=None,
    return_same_structure=False,
):
    """As tf.while_loop; a list of one loop variable is returned alone, unless return_same_structure."""
    return _while_loop(
        cond,
        body,
        loop_vars,
        shape_invariants,
        parallel_iterations,
        maximum_iterations,
        name,
        return_same_structure,
    )


def _while_loop(
    cond, body, loop_vars, invariants, parallel_iterations, maximum_iterations, name, same_structure
):
    if not callable(cond):
        raise TypeError("'cond' must be callable.")
    if not callable(body):
        raise TypeError("'body' must be callable.")
    if parallel_iterations < 1:
        raise TypeError("'parallel_iterations' must be a positive integer.")
    single = not isinstance(loop_vars, (list, tuple))
    if single:
        loop_vars = (loop_vars,)
    if not loop_vars:
        raise ValueError("'loop_vars' must be provided.")
    if not _floe.recording():
        result = _eager_loop(cond, body, loop_vars, maximum_iterations)
    else:
        if invariants is not None and single:
            invariants = (invariants,)
        result = _graph_loop(cond, body, loop_vars, invariants, parallel_iterations, maximum_iterations, name)
    if single or (not same_structure and len(result) == 1):
        return result[0]
    return result


def _called(body, variables):
    result = body(*variables)
    if isinstance(variables, (list, tuple)) and not (
        isinstance(result, (list, tuple)) and not (len(variables) == 1 and _is_one(result, variables[0]))
    ):
        result = (result,)
    return result


def _is_one(result, variable):
    """Whether a list or tuple is itself the value of the only loop variable."""
    return isinstance(variable, (list, tuple)) and not (
        len(result) == 1 and isinstance(result[0], (list, tuple))
    )


def _eager_loop(cond, body, variables, maximum):
    variables = nest.map_structure(_value, variables)
    turns = 0
    maximum = None if maximum is None else int(maximum)
    while cond(*variables):
        if maximum is not None and turns >= maximum:
            break
        result = _called(body, variables)
        try:
            nest.assert_same_structure(list(variables), list(result), expand_composites=True)
        except (TypeError, ValueError) as e:
            raise type(e)(f"The body of the loop must return what it takes: {e}") from None
        variables = nest.pack_sequence_as(variables, [_value(x) for x in nest.flatten(result)])
        turns += 1
    return variables


def _graph_loop(cond, body, loop_vars, invariants, parallel_iterations, maximum, name):
    from .. import raw_ops

    loop_vars = nest.map_structure(_value, loop_vars, expand_composites=True)
    initial = nest.flatten(loop_vars, expand_composites=True)
    shapes = _shapes_of(loop_vars, invariants)
    counted = maximum is not None
    if counted:
        limit = convert_to_tensor(maximum, dtypes.int32)
        initial = [convert_to_tensor(0, dtypes.int32), *initial]
        shapes = [TensorShape([]), *shapes]

    def part(part_name, run):
        g = FuncGraph(f"{name or 'while'}_{part_name}")
        with g.as_default():
            args = [
                g._core.add_input(t.dtype, s, f"var_{i}") for i, (t, s) in enumerate(zip(initial, shapes))
            ]
            own = args[1:] if counted else args
            result = run(nest.pack_sequence_as(loop_vars, own, expand_composites=True), args)
        _used_inside(g.variables)
        return g, args, result

    def run_cond(variables, args):
        p = convert_to_tensor(cond(*variables))
        if p.dtype != dtypes.bool:
            raise TypeError(
                f"The condition of the loop must be a boolean scalar, found {p.dtype.name} {p.shape}."
            )
        if p.shape.ndims:
            p = raw_ops.Reshape(tensor=p, shape=[])
        return [raw_ops.LogicalAnd(x=args[0] < limit, y=p) if counted else p]

    def run_body(variables, args):
        result = _called(body, variables)
        try:
            nest.assert_same_structure(list(loop_vars), list(result), expand_composites=True)
        except (TypeError, ValueError) as e:
            raise type(e)(
                f"The two structures don't have the same nested structure: the body of the loop must return what it takes. {e}"
            ) from None
        flat = [_value(x) for x in nest.flatten(result, expand_composites=True)]
        return [args[0] + 1, *flat] if counted else flat

    bg, bargs, after = part("body", run_body)
    for i, (t, s, a) in enumerate(zip(initial, shapes, after)):
        if t.dtype != a.dtype:
            raise TypeError(
                f"Loop variable {i - counted} enters the loop as {t.dtype.name} and comes out of the body as {_describe(bg, a)}. "
                f"Cast it: tf.cast(x, tf.{t.dtype.name})."
            )
        if not _covers(s, a.shape):
            raise ValueError(
                f"Input tensor '{getattr(t, 'name', i)}' enters the loop with shape {s}, but has shape {a.shape} after one "
                "iteration. To allow the shape to vary across iterations, use the `shape_invariants` argument of "
                "tf.while_loop to specify a less-specific shape."
            )
    cg, cargs, p = part("cond", run_cond)
    op = _floe.record_loop(
        (cg._core, cargs, p), (bg._core, bargs, after), initial, shapes, parallel_iterations, name or "while"
    )
    outputs = op.outputs[: len(initial)]
    for o, s in zip(outputs, shapes):
        o.set_shape(s)
    return nest.pack_sequence_as(loop_vars, outputs[1:] if counted else outputs, expand_composites=True)
