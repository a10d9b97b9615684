"""Functions over the rows of tensors: tf.map_fn, tf.scan, tf.foldl, tf.foldr, tf.vectorized_map."""

from .. import _floe, autograph, dtypes, nest, raw_ops
from ..export import export
from ..tensor import TensorSpec, convert_to_tensor
from .control_flow import while_loop_v2


def _rows(elems):
    flat = [convert_to_tensor(e) for e in nest.flatten(elems)]
    if not flat:
        raise ValueError(
            "elems must be a Tensor or (possibly nested) sequence of Tensors. Got an empty structure."
        )
    for e in flat:
        if e.shape.ndims == 0:
            raise ValueError("Elements in elems must be 1+ dimensional Tensors, not scalars")
    n = next((e.shape[0] for e in flat if e.shape.ndims and e.shape[0] is not None), None)
    return flat, raw_ops.Shape(input=flat[0])[0] if n is None else n


def _row(flat, i):
    return [raw_ops.GatherV2(params=e, indices=i, axis=0) for e in flat]


def _list(n, dtype, shape=None):
    return raw_ops.TensorListReserve(
        element_shape=-1
        if shape is None or shape.ndims is None
        else [-1 if d is None else d for d in shape.as_list()],
        num_elements=n,
        element_dtype=dtype,
    )


def _put(tensor_list, i, value):
    return raw_ops.TensorListSetItem(input_handle=tensor_list, index=i, item=value)


def _stacked(tensor_list, dtype, n, shape=None):
    known = n if isinstance(n, int) else None
    t = raw_ops.TensorListStack(
        input_handle=tensor_list,
        element_shape=-1
        if shape is None or shape.ndims is None
        else [-1 if d is None else d for d in shape.as_list()],
        element_dtype=dtype,
        num_elements=-1 if known is None else known,
    )
    return t


def _plain(signature):
    return nest.map_structure(lambda s: s.dtype if hasattr(s, "dtype") else dtypes.as_dtype(s), signature)


@export("map_fn")
def map_fn_v2(
    fn,
    elems,
    dtype=None,
    parallel_iterations=None,
    back_prop=True,
    swap_memory=False,
    infer_shape=True,
    name=None,
    fn_output_signature=None,
):
    """fn(row) for every row of elems (or of each tensor in a nest), stacked. `fn_output_signature`: dtypes of its results."""
    return _map_fn(
        fn, elems, fn_output_signature if fn_output_signature is not None else dtype, parallel_iterations
    )


@export("compat.v1.map_fn")
def map_fn_v1(
    fn,
    elems,
    dtype=None,
    parallel_iterations=None,
    back_prop=True,
    swap_memory=False,
    infer_shape=True,
    name=None,
    fn_output_signature=None,
):
    """As tf.map_fn."""
    return _map_fn(
        fn, elems, fn_output_signature if fn_output_signature is not None else dtype, parallel_iterations
    )


def _map_fn(fn, elems, signature, parallel_iterations):
    if not callable(fn):
        raise TypeError(
            f"The provided function {getattr(fn, '__name__', fn)} is not callable. fn must be callable."
        )
    fn = autograph.inherited(fn)
    flat, n = _rows(elems)
    if signature is None:
        types = nest.map_structure(lambda e: convert_to_tensor(e).dtype, elems)
    else:
        types = _plain(signature)
    flat_types = nest.flatten(types)

    def call(i):
        result = fn(nest.pack_sequence_as(elems, _row(flat, i)))
        nest.assert_same_structure(types, result, check_types=False)
        return [convert_to_tensor(r, t) for r, t in zip(nest.flatten(result), flat_types)]

    if not _floe.recording():
        columns = [[] for _ in flat_types]
        for i in range(int(n)):
            for c, r in zip(columns, call(i)):
                c.append(r)
        if int(n) == 0:
            specs = nest.flatten(signature) if signature is not None else flat
            stacked = [
                raw_ops.Fill(
                    dims=[
                        0,
                        *(
                            s.shape.as_list()
                            if isinstance(s, TensorSpec) and s.shape.is_fully_defined()
                            else []
                        ),
                    ],
                    value=raw_ops.Cast(x=0, DstT=t),
                )
                for s, t in zip(specs, flat_types)
            ]
        else:
            stacked = [raw_ops.Pack(values=c, axis=0) for c in columns]
        return nest.pack_sequence_as(types, stacked)
    shapes = [None] * len(flat_types)

    def body(i, lists):
        results = call(i)
        shapes[:] = [r.shape for r in results]
        return i + 1, [_put(t, i, r) for t, r in zip(lists, results)]

    _, lists = while_loop_v2(
        lambda i, _: i < n,
        body,
        (0, [_list(n, t) for t in flat_types]),
        parallel_iterations=parallel_iterations or 10,
    )
    return nest.pack_sequence_as(types, [_stacked(x, t, n, s) for x, t, s in zip(lists, flat_types, shapes)])


def _fold(fn, elems, initializer, backwards):
    if not callable(fn):
        raise TypeError(f"{getattr(fn, '__name__', fn)} is not callable.")
    fn = autograph.inherited(fn)
    flat, n = _rows(elems)
    order = (lambda i: n - 1 - i) if backwards else (lambda i: i)
    if initializer is None:
        state, start = nest.pack_sequence_as(elems, _row(flat, order(0))), 1
    else:
        state, start = nest.map_structure(convert_to_tensor, initializer), 0

    def body(i, a):
        a = fn(a, nest.pack_sequence_as(elems, _row(flat, order(i))))
        return i + 1, nest.map_structure(convert_to_tensor, a)

    return while_loop_v2(lambda i, _: i < n, body, (start, state))[1]


@export("foldl")
def foldl(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False, name=None):
    """fn(fn(fn(initializer, row 0), row 1), ...); without an initializer the first row is one."""
    return _fold(fn, elems, initializer, False)


@export("foldr")
def foldr(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False, name=None):
    """As foldl, from the last row to the first."""
    return _fold(fn, elems, initializer, True)


@export("scan")
def scan(
    fn,
    elems,
    initializer=None,
    parallel_iterations=10,
    back_prop=True,
    swap_memory=False,
    infer_shape=True,
    reverse=False,
    name=None,
):
    """Every state of foldl (or, reversed, of foldr), stacked in the order of the rows."""
    if not callable(fn):
        raise TypeError(f"{getattr(fn, '__name__', fn)} is not callable.")
    fn = autograph.inherited(fn)
    flat, n = _rows(elems)
    order = (lambda i: n - 1 - i) if reverse else (lambda i: i)
    if initializer is None:
        state, start = nest.pack_sequence_as(elems, _row(flat, order(0))), 1
    else:
        state, start = nest.map_structure(convert_to_tensor, initializer), 0
    flat_state = nest.flatten(state)

    def step(i, a):
        return nest.map_structure(
            convert_to_tensor, fn(a, nest.pack_sequence_as(elems, _row(flat, order(i))))
        )

    if not _floe.recording():
        rows = [flat_state] if initializer is None else []
        for i in range(start, int(n)):
            state = step(i, state)
            rows.append(nest.flatten(state))
        if reverse:
            rows.reverse()
        if not rows:
            stacked = [raw_ops.ExpandDims(input=s, axis=0)[:0] for s in flat_state]
        else:
            stacked = [raw_ops.Pack(values=list(c), axis=0) for c in zip(*rows)]
        return nest.pack_sequence_as(state, stacked)
    lists = [_list(n, s.dtype) for s in flat_state]
    if initializer is None:
        lists = [_put(x, order(0), s) for x, s in zip(lists, flat_state)]

    def body(i, a, lists):
        a = step(i, a)
        return i + 1, a, [_put(x, order(i), s) for x, s in zip(lists, nest.flatten(a))]

    _, _, lists = while_loop_v2(
        lambda i, *_: i < n, body, (start, state, lists), parallel_iterations=parallel_iterations
    )
    return nest.pack_sequence_as(state, [_stacked(x, s.dtype, n, s.shape) for x, s in zip(lists, flat_state)])


@export("vectorized_map")
def vectorized_map(fn, elems, fallback_to_while_loop=True, warn=True):
    """fn(row) for every row, stacked."""
    fn = autograph.inherited(fn)
    flat, n = _rows(elems)
    if not _floe.recording():
        results = [fn(nest.pack_sequence_as(elems, _row(flat, i))) for i in range(int(n))]
        columns = zip(*[nest.flatten(r) for r in results])
        return nest.pack_sequence_as(results[0], [raw_ops.Pack(values=list(c), axis=0) for c in columns])
    # What fn gives is known once it has been recorded; the probe's nodes are never run.
    from ..graph import FuncGraph

    probe = FuncGraph("probe")
    with probe.as_default():
        result = nest.map_structure(convert_to_tensor, fn(nest.pack_sequence_as(elems, _row(flat, 0))))
        types = nest.map_structure(lambda t: t.dtype, result)
    return _map_fn(fn, elems, types, 10)
