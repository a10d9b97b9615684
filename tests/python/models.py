"""The folders of tests/models: graphs frozen by TensorFlow, with its answers."""

import json
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).parents[1] / "models"


def names():
    return sorted(p.parent.name for p in FOLDER.glob("*/meta.json"))


class Model:
    def __init__(self, name):
        self.path = FOLDER / name
        self.meta = json.loads((self.path / "meta.json").read_text())
        io = np.load(self.path / "io.npz")
        self.inputs = [io[f"in{i}"] for i in range(len(self.meta["inputs"]))]
        self.outputs = [
            io[k] for k in sorted((k for k in io if k.startswith("out")), key=lambda k: int(k[3:]))
        ]

    @property
    def spread(self):
        given = self.meta.get("spread", [])
        return [s if isinstance(s, (int, float)) else 0.0 for s in given] + [0.0] * (
            len(self.outputs) - len(given)
        )

    @property
    def file(self):
        return str(self.path / "model.pb")


def plain(tensor):
    """Values as NumPy has them without help: bfloat16 as float32."""
    import floe as tf

    if tensor.dtype == tf.bfloat16:
        tensor = tf.raw_ops.Cast(x=tensor, DstT=tf.float32)
    return np.asarray(tensor.numpy())


def check(have, want, spread):
    """Strings, integers and bools exactly, the rest within TensorFlow's own spread and rounding."""
    assert have.shape == want.shape
    if want.dtype.kind in "SUO":
        assert [x.rstrip(b"\0") for x in have.ravel().tolist()] == want.ravel().tolist()
        return
    assert have.dtype == want.dtype
    if want.dtype.kind not in "fc":
        differences = [abs(int(a) - int(b)) for a, b in zip(have.ravel(), want.ravel()) if a != b]
        assert max(differences, default=0) <= spread
        return
    finite = np.abs(want[np.isfinite(want)].astype(np.complex128))
    largest = float(finite.max()) if finite.size else 0.0
    bound = max(10 * spread, 2e-5 * largest, 1e-6)
    np.testing.assert_allclose(have.astype(np.complex128), want.astype(np.complex128), rtol=0, atol=bound)
