"""floe.load: a model file as something to call."""

import os as _os

from . import _floe, nest
from .tensor import TensorSpec


class LoadedFunction:
    """What `floe.load` returns. `inputs` and `outputs` tell names, dtypes and shapes."""

    def __init__(self, runner, input_structure, output_structure, source):
        self._runner = runner
        self._input_structure = input_structure
        self._output_structure = output_structure
        self._source = source
        self.inputs = [TensorSpec(shape, dtype, name) for name, dtype, shape in runner.inputs]
        self.outputs = [TensorSpec(shape, dtype, name) for name, dtype, shape in runner.outputs]
        self._position = {}
        for i, spec in enumerate(self.inputs):
            node = spec.name.partition(":")[0]
            for key in (spec.name, node, node.rpartition("/")[2]):
                self._position.setdefault(key, i)
        if isinstance(input_structure, dict):
            self._position.update({key: i for i, key in enumerate(sorted(input_structure))})

    def __call__(self, *args, **kwargs):
        out = self._runner(*self._arguments(args, kwargs))
        s = self._output_structure
        if s is None:
            return out[0] if len(out) == 1 else out
        return nest.pack_sequence_as(s, out)

    def _arguments(self, args, kwargs):
        n = len(self.inputs)
        if len(args) == 1 and not kwargs:
            only = args[0]
            if isinstance(only, dict):
                kwargs, args = only, ()
            elif n > 1 and isinstance(only, (list, tuple)) and len(only) == n:
                args = tuple(only)
        if not kwargs:
            return args
        values = list(args) + [None] * (n - len(args))
        given = set(range(len(args)))
        for key, value in kwargs.items():
            i = self._position.get(key)
            if i is None:
                raise TypeError(f"{self._source}: there is no input {key!r}. The inputs are {self._names()}.")
            if i in given:
                raise TypeError(f"{self._source}: input {self.inputs[i].name!r} is given twice.")
            given.add(i)
            values[i] = value
        missing = [s.name for i, s in enumerate(self.inputs) if i not in given]
        if missing:
            raise TypeError(
                f"{self._source}: no value for {', '.join(map(repr, missing))}. The inputs are {self._names()}."
            )
        return values

    def _names(self):
        return ", ".join(f"{s.name!r} ({s.dtype.name}, shape {s.shape})" for s in self.inputs)

    def explain(self, *shapes):
        """The plan for these input shapes (or arrays) as text: steps, kernels, memory."""
        if not shapes:
            shapes = [
                [1 if d is None else d for d in s.shape] if s.shape.rank is not None else None
                for s in self.inputs
            ]
        return self._runner.explain([getattr(s, "shape", s) for s in shapes])

    def __repr__(self):
        outputs = ", ".join(f"{s.name!r} ({s.dtype.name}, shape {s.shape})" for s in self.outputs)
        return f"<floe function of {self._source}: {self._names()} -> {outputs}>"


def _names_of(structure):
    if structure is None:
        return []
    names = []
    for x in nest.flatten(structure):
        x = x if isinstance(x, str) else getattr(x, "name", x)
        if not isinstance(x, str):
            raise TypeError(f"Inputs and outputs are named by strings such as 'x:0', not {x!r}.")
        names.append(x)
    return names


def load(model, inputs=None, outputs=None):
    """Opens a frozen graph and returns what is to be called.

    `model` is a path, the bytes of a file, or a GraphDef. `inputs` and `outputs` name tensors ("x:0", "x"); left out,
    they are found: the placeholders that are needed, and the tensors that nobody reads. One output gives one tensor,
    a list or dict of names gives a list or dict of tensors.

        f = floe.load("model.pb")
        y = f(x)
    """
    if isinstance(model, (bytes, bytearray, memoryview)):
        program, source = _floe.Program.from_bytes(bytes(model), "<memory>"), "<memory>"
    elif isinstance(model, _floe.Message):
        program, source = _floe.Program.from_bytes(model.SerializeToString(), "<GraphDef>"), "<GraphDef>"
    else:
        source = _os.fsdecode(model)
        program = _floe.Program.open(source)
    runner = program.function(_names_of(inputs), _names_of(outputs))
    return LoadedFunction(runner, inputs, outputs, source)
