"""Products of matrices and tensors."""

import re

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from .support import scoped, sizes, typed, value_of, vector


def _conj(x):
    return raw_ops.Conj(input=x) if x.dtype.is_complex else x


def _exclusive(transpose, adjoint, letter):
    if transpose and adjoint:
        raise ValueError(f"Only one of `transpose_{letter}` and `adjoint_{letter}` can be True. Received "
                         f"`transpose_{letter}`={transpose}, `adjoint_{letter}`={adjoint}.")  # fmt: skip


@export("linalg.matmul", "matmul")
def matmul(
    a,
    b,
    transpose_a=False,
    transpose_b=False,
    adjoint_a=False,
    adjoint_b=False,
    a_is_sparse=False,
    b_is_sparse=False,
    output_type=None,
    grad_a=False,
    grad_b=False,
    name=None,
):
    """The product of matrices, or of batches of them in the last two dimensions (broadcast against each other)."""
    _exclusive(transpose_a, adjoint_a, "a")
    _exclusive(transpose_b, adjoint_b, "b")
    a, b = typed(a, b)
    ranks = a.ndim, b.ndim
    if output_type is not None and output_type != a.dtype:
        a, b = (_conj(x) if t else x for x, t in ((a, transpose_a), (b, transpose_b)))
        return raw_ops.BatchMatMulV3(
            x=a,
            y=b,
            Tout=dtypes.as_dtype(output_type),
            adj_x=transpose_a or adjoint_a,
            adj_y=transpose_b or adjoint_b,
            name=name or "MatMul",
        )
    if all(r is None or r > 2 for r in ranks) or any(r is not None and r > 2 for r in ranks):
        a, b = (_conj(x) if t else x for x, t in ((a, transpose_a), (b, transpose_b)))
        return raw_ops.BatchMatMulV2(
            x=a, y=b, adj_x=transpose_a or adjoint_a, adj_y=transpose_b or adjoint_b, name=name or "MatMul"
        )
    a, b = (_conj(x) if t else x for x, t in ((a, adjoint_a), (b, adjoint_b)))
    transpose_a, transpose_b = transpose_a or adjoint_a, transpose_b or adjoint_b
    if a_is_sparse or b_is_sparse:
        narrow = ("bfloat16", "float32")
        if a.dtype.name in narrow and b.dtype.name in narrow:
            out = raw_ops.SparseMatMul(
                a=a,
                b=b,
                transpose_a=transpose_a,
                transpose_b=transpose_b,
                a_is_sparse=a_is_sparse,
                b_is_sparse=b_is_sparse,
                name=name,
            )
            return raw_ops.Cast(x=out, DstT=a.dtype) if a.dtype == b.dtype == dtypes.bfloat16 else out
    return raw_ops.MatMul(a=a, b=b, transpose_a=transpose_a, transpose_b=transpose_b, name=name)


@export("linalg.matvec")
@scoped("MatVec")
def matvec(a, b, transpose_a=False, adjoint_a=False, a_is_sparse=False, b_is_sparse=False, name=None):
    """The product of a matrix and a vector, or of batches of them."""
    a, b = typed(a, b)
    column = raw_ops.ExpandDims(input=b, axis=-1)
    out = matmul(
        a,
        column,
        transpose_a=transpose_a,
        adjoint_a=adjoint_a,
        a_is_sparse=a_is_sparse,
        b_is_sparse=b_is_sparse,
    )
    return raw_ops.Squeeze(input=out, axis=[-1], name=name)


@export("linalg.cross", "compat.v1.cross")
def cross(a, b, name=None):
    """The cross products of vectors of three in the last dimension."""
    return raw_ops.Cross(a=a, b=b, name=name)


@export("linalg.einsum", "einsum")
def einsum(equation, *inputs, **kwargs):
    """Sums of products in Einstein's notation, as "ij,jk->ik"; of more than two tensors pair by pair."""
    name = kwargs.pop("name", None)
    kwargs.pop("optimize", None)
    if kwargs:
        raise TypeError(f"Invalid keyword arguments for this function: {', '.join(sorted(kwargs))}. Valid arguments are: "
                        "name, optimize, greedy.")  # fmt: skip
    return _einsum(equation, inputs, name=name)


@scoped("einsum")
def _einsum(equation, inputs, name=None):
    terms, output = _parsed(equation, len(inputs))
    inputs = typed(*inputs)
    for term, x in zip(terms, inputs):
        rank = x.ndim
        named = len(term.replace("...", ""))
        if rank is not None and (rank < named if "..." in term else rank != named):
            raise ValueError(f"Unexpected number of dimensions in equation {equation}: the subscripts {term!r} are for a "
                             f"tensor of rank {named}, its shape is {x.shape}.")  # fmt: skip
    while len(terms) > 2:
        later = "".join(terms[2:]) + output
        both = terms[0] + terms[1]
        kept = "".join(dict.fromkeys(c for c in both.replace("...", "") if c in later))
        kept = ("..." if "..." in both else "") + kept
        inputs[:2] = [raw_ops.Einsum(inputs=inputs[:2], equation=f"{terms[0]},{terms[1]}->{kept}")]
        terms[:2] = [kept]
    return raw_ops.Einsum(inputs=inputs, equation=f"{','.join(terms)}->{output}", name=name)


def _parsed(equation, count):
    """The subscripts of each input and of the output."""
    text = re.sub(r"\s", "", equation)
    left, arrow, output = text.partition("->")
    terms = left.split(",")
    for term in [*terms, output]:
        if not re.fullmatch(r"[a-zA-Z]*(\.\.\.)?[a-zA-Z]*", term):
            raise ValueError(f"Indices have incorrect format. Received: {equation}.")
    if len(terms) != count:
        raise ValueError(f"Got {count} arguments for equation '{equation}', expecting {len(terms)}.")
    named = left.replace("...", "").replace(",", "")
    if not arrow:
        output = "".join(sorted(c for c in set(named) if named.count(c) == 1))
        output = ("..." if "..." in left else "") + output
    missing = [c for c in output.replace("...", "") if c not in named]
    if missing:
        raise ValueError(f"Expected all output subscripts to appear in the inputs: {missing[0]!r} of {equation!r} "
                         "does not.")  # fmt: skip
    return terms, output


@export("linalg.tensordot", "tensordot")
@scoped("Tensordot", whole=True)
def tensordot(a, b, axes, name=None):
    """The sum of products over axes of a and of b: a number of last and first ones, or two lists."""
    a, b = typed(a, b)
    a_axes, b_axes = _contracted(a, axes)
    a_flat, a_free, a_static = _flattened(a, a_axes, False)
    b_flat, b_free, b_static = _flattened(b, b_axes, True)
    product = raw_ops.MatMul(a=a_flat, b=b_flat)
    if a_static is not None and b_static is not None:
        shape = vector([*a_static, *b_static])
    else:
        shape = raw_ops.ConcatV2(values=[vector(a_free), vector(b_free)], axis=0)
    return raw_ops.Reshape(tensor=product, shape=shape, name=name or "Tensordot")


def _contracted(a, axes):
    if isinstance(axes, (int, np.integer)):
        n = int(axes)
        if n < 0:
            raise ValueError(f"`axes` must be at least 0. Received: {axes}.")
        rank = a.ndim
        if rank is None:
            first = raw_ops.Sub(x=raw_ops.Rank(input=a), y=n)
            return raw_ops.Range(start=first, limit=raw_ops.Rank(input=a), delta=1), list(range(n))
        if n > rank:
            raise ValueError(f"`axes` must not be larger than the number of dimensions of tensor {a}.  Received {axes}, "
                             f"vs tensor dimensions {rank}.")  # fmt: skip
        return list(range(rank - n, rank)), list(range(n))
    if isinstance(axes, (list, tuple)):
        if len(axes) != 2:
            raise ValueError(f"`axes` must be an integer or have length 2. Received {axes}.")
        pair = [[x] if isinstance(x, (int, np.integer)) else x for x in axes]
        if all(isinstance(x, (list, tuple)) for x in pair) and len(pair[0]) != len(pair[1]):
            raise ValueError(
                f"Different number of contraction axes `a` and `b`, {len(pair[0])} != {len(pair[1])}."
            )
        return [[int(v) for v in x] if isinstance(x, (list, tuple, np.ndarray)) else x for x in pair]
    known = value_of(axes)
    if known is not None:
        return [[int(v) for v in np.atleast_1d(x)] for x in known]
    pair = convert_to_tensor(axes, dtypes.int32)
    return raw_ops.Unpack(value=pair, num=2)


def _flattened(x, axes, first):
    """x as a matrix: the contracted axes as one (`first` or last), the free ones as the other."""
    rank = x.ndim
    if rank is None or not isinstance(axes, list):
        return (*_flattened_dynamic(x, axes, first), None)
    axes = [a % rank for a in axes]
    free = [i for i in range(rank) if i not in axes]
    dims = sizes(x)
    order = axes + free if first else free + axes
    if order != list(range(rank)):
        x = raw_ops.Transpose(x=x, perm=order or np.zeros(0, np.int32))
    inner = _product([dims[i] for i in axes])
    outer = _product([dims[i] for i in free])
    flat = raw_ops.Reshape(tensor=x, shape=vector([inner, outer] if first else [outer, inner]))
    kept = [dims[i] for i in free]
    return flat, kept, kept


def _product(dims):
    out = 1
    for d in dims:
        out = d * out if isinstance(d, int) and isinstance(out, int) else raw_ops.Mul(x=d, y=out)
    return out


def _flattened_dynamic(x, axes, first):
    rank = raw_ops.Rank(input=x)
    shape = raw_ops.Shape(input=x)
    axes = raw_ops.FloorMod(x=vector(axes), y=rank)
    free = raw_ops.ListDiff(x=raw_ops.Range(start=0, limit=rank, delta=1), y=axes)[0]
    free_dims = raw_ops.GatherV2(params=shape, indices=free, axis=0)
    inner = raw_ops.Prod(input=raw_ops.GatherV2(params=shape, indices=axes, axis=0), axis=0)
    outer = raw_ops.Prod(input=free_dims, axis=0)
    order = raw_ops.ConcatV2(values=[axes, free] if first else [free, axes], axis=0)
    flat = raw_ops.Reshape(
        tensor=raw_ops.Transpose(x=x, perm=order),
        shape=raw_ops.Pack(values=[inner, outer] if first else [outer, inner], axis=0),
    )
    return flat, free_dims
