"""tf.autodiff.ForwardAccumulator."""

from .. import _floe, dtypes, nest, raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from .gradients import UnconnectedGradients, _result, _source, _unconnected, _warn
from .indexed_slices import IndexedSlices


@export("autodiff.ForwardAccumulator")
class ForwardAccumulator:
    """Jacobian-vector products: how results change when `primals` move along `tangents`.

        with tf.autodiff.ForwardAccumulator(x, v) as acc:
            y = f(x)
        acc.jvp(y)  # the Jacobian of y by x, times v

    The gradient of u . J by the vector u is J v: the product is taken by differentiating twice backwards.
    """

    def __init__(self, primals, tangents):
        self._primals = nest.flatten(primals)
        nest.assert_same_structure(primals, tangents)
        self._tangents = [
            convert_to_tensor(t, p.dtype) for p, t in zip(self._primals, nest.flatten(tangents))
        ]
        for p in self._primals:
            if not (p.dtype.is_floating or p.dtype.is_complex) and p.dtype != dtypes.variant:
                _warn(f"The dtype of the watched primal must be floating (e.g. tf.float32), got {p.dtype!r}")
        self._tape = None
        self._recording = False

    def __enter__(self):
        if self._recording:
            raise ValueError("Accumulator is already recording.")
        if self._tape is None:
            self._tape = _floe.GradientTape(True, False)
            for p in self._primals:
                self._tape.watch(_source(p))
        else:
            self._tape.start()
        self._recording = True
        return self

    def __exit__(self, *exception):
        if not self._recording:
            raise ValueError("Accumulator is not recording.")
        self._tape.stop()
        self._recording = False

    def jvp(self, primals, unconnected_gradients=UnconnectedGradients.NONE):
        """The products for results made in the block, in their structure; None where nothing moves them."""
        unconnected = _unconnected(unconnected_gradients)
        if self._tape is None:
            raise ValueError("Called jvp() before the accumulator's block.")
        recording = self._recording
        if recording:
            self._tape.stop()
        try:
            return nest.map_structure(
                lambda y: self._product(y, unconnected), primals, expand_composites=True
            )
        finally:
            if recording:
                self._tape.start()

    def _product(self, y, unconnected):
        y = convert_to_tensor(y)
        found = self._moved(y)
        if found is None and unconnected == UnconnectedGradients.ZERO:
            return raw_ops.ZerosLike(x=y)
        return found

    def _moved(self, y):
        if not (y.dtype.is_floating or y.dtype.is_complex):
            return None
        second = _floe.GradientTape(False, False)
        u = raw_ops.ZerosLike(x=y)
        try:
            second.watch(u)
            rows = self._tape.gradient_again([y], [_source(p) for p in self._primals], [u])
            pairs = [(_dense(g), t) for g, t in zip(rows, self._tangents) if g is not None]
        finally:
            second.stop()
        if not pairs:
            return None
        found = second.gradient([g for g, _ in pairs], [u], [t for _, t in pairs])[0]
        return None if found is None else _dense(found)


def _dense(g):
    g = _result(g)
    return convert_to_tensor(g) if isinstance(g, IndexedSlices) else g
