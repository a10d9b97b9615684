"""tf.data.Dataset as a Python iterable of eager tensors."""

import functools
import itertools
import os

import numpy as np

from .. import dtypes
from ..errors import OutOfRangeError
from ..export import export
from ..tensor import Tensor, TensorSpec
from ..tensor_shape import TensorShape
from . import compose as c
from . import data_steps as steps
from . import data_structure as s
from .data_random import Numbers, Seeds, seeds_of, shuffled

INFINITE = export("data.INFINITE_CARDINALITY", "data.experimental.INFINITE_CARDINALITY")(steps.INFINITE)
UNKNOWN = export("data.UNKNOWN_CARDINALITY", "data.experimental.UNKNOWN_CARDINALITY")(steps.UNKNOWN)
AUTOTUNE = export("data.AUTOTUNE", "data.experimental.AUTOTUNE")(-1)


@export("data.DatasetSpec")
class DatasetSpec:
    """The kind of a dataset that is an element: the spec of its elements."""

    def __init__(self, element_spec, dataset_shape=()):
        self.element_spec = element_spec
        self._shape = TensorShape(dataset_shape)

    def __eq__(self, other):
        return isinstance(other, DatasetSpec) and self.element_spec == other.element_spec

    def __hash__(self):
        return hash(repr(self.element_spec))

    def stand_in(self):
        return Dataset("Dataset", lambda: iter(()), self.element_spec, UNKNOWN)

    def __repr__(self):
        return f"DatasetSpec({self.element_spec!r}, {self._shape!r})"


@export("data.Iterator")
class Iterator:
    """The elements of a dataset, one after the other."""

    def __init__(self, dataset):
        self._dataset = dataset
        self._source = dataset._make()

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._source)

    def get_next(self):
        """The next element; OutOfRangeError after the last one."""
        for x in self._source:
            return x
        raise OutOfRangeError(None, None, "End of sequence")

    @property
    def element_spec(self):
        return self._dataset.element_spec


@export("data.NumpyIterator")
class NumpyIterator:
    """The elements of a dataset as NumPy arrays."""

    def __init__(self, dataset):
        self._source = iter(dataset)

    def __iter__(self):
        return self

    def __next__(self):
        return s.map_leaves(_as_numpy, next(self._source))


def _as_numpy(x):
    if isinstance(x, Dataset):
        return NumpyIterator(x)
    if not hasattr(x, "numpy"):
        raise TypeError(
            f"`tf.data.Dataset.as_numpy_iterator()` is not supported for datasets that produce values of type {type(x)}."
        )
    return x.numpy()


@export("data.Dataset")
class Dataset:
    """Elements, each a tensor or a tuple or dict of them, made while they are asked for."""

    def __init__(self, kind, make, spec, cardinality, options=None):
        self._kind = kind
        self._make = make
        self._spec = spec
        self._count = cardinality
        self._options = options

    def __iter__(self):
        return Iterator(self)

    def __bool__(self):
        return True

    def __len__(self):
        if self._count == INFINITE:
            raise TypeError("The dataset is infinite.")
        if self._count == UNKNOWN:
            raise TypeError("The dataset length is unknown.")
        return self._count

    def __repr__(self):
        return f"<{self._kind} element_spec={self.element_spec}>"

    @property
    def element_spec(self):
        """The TensorSpecs of an element."""
        if callable(self._spec):
            self._spec = self._spec()
        return self._spec

    def cardinality(self, name=None):
        """The number of elements, int64; -1 when infinite, -2 when unknown."""
        return c.tensor(self._count, dtypes.int64)

    def as_numpy_iterator(self):
        """The elements as NumPy arrays and scalars."""
        return NumpyIterator(self)

    def _same(self, kind, make, count=None):
        """A dataset of elements like this one's."""
        count = self._count if count is None else count
        return Dataset(kind, make, lambda: self.element_spec, count, self._options)

    def _mapped(self, kind, make, spec, count):
        return Dataset(kind, make, spec, count, self._options)

    # Sources.

    @staticmethod
    def from_tensors(tensors, name=None):
        """A dataset of one element."""
        element = s.as_element(tensors)
        return Dataset("_TensorDataset", lambda: iter([element]), s.map_leaves(s.spec_of, element), 1)

    @staticmethod
    def from_tensor_slices(tensors, name=None):
        """A dataset of the rows (the slices of the first dimension)."""
        whole = s.as_element(tensors)
        sizes = []
        for leaf in s.leaves(whole):
            if not s.is_composite(leaf) and leaf.shape.rank == 0:
                raise ValueError("Unbatching a tensor is only supported for rank >= 1")
            sizes.append(leaf.shape[0])
        if not sizes:
            raise ValueError("Invalid `tensors`. `tensors` is empty.")
        for n in sizes:
            if n != sizes[0]:
                raise ValueError(f"Dimensions {sizes[0]} and {n} are not compatible")

        def make():
            for i in range(sizes[0]):
                yield s.map_leaves(lambda x, i=i: s.row(x, i), whole)

        spec = s.map_leaves(lambda x: steps.row_spec(s.spec_of(x)), whole)
        return Dataset("_TensorSliceDataset", make, spec, sizes[0])

    @staticmethod
    def range(*args, output_type=dtypes.int64, name=None):
        """start (0), ..., stop - 1 by step (1)."""
        if not 1 <= len(args) <= 3:
            raise ValueError(
                f"Invalid `args`. The length of `args` should be between 1 and 3 but was {len(args)}."
            )
        numbers = range(
            *(int(c.tensor(a, None if isinstance(a, Tensor) else dtypes.int64).numpy()) for a in args)
        )
        dtype = dtypes.as_dtype(output_type)

        def make():
            return (c.tensor(i, dtype) for i in numbers)

        return Dataset("_RangeDataset", make, TensorSpec([], dtype), len(numbers))

    @staticmethod
    def from_generator(
        generator, output_types=None, output_shapes=None, args=None, output_signature=None, name=None
    ):
        """What generator(*args) yields, as the output_signature says."""
        if not callable(generator):
            raise TypeError("`generator` must be a Python callable.")
        if output_signature is None:
            if output_types is None:
                raise TypeError("Either `output_signature` or `output_types` must be specified.")
            output_signature = steps.signature(output_types, output_shapes)
        elif output_types is not None or output_shapes is not None:
            raise TypeError(
                "The `output_signature` argument can not be used together with the `output_types` or `output_shapes` arguments."
            )
        values = [c.tensor(a).numpy() for a in args or ()]

        def make():
            for x in generator(*values):
                yield steps.yielded(x, output_signature)

        return Dataset("_FlatMapDataset", make, output_signature, UNKNOWN)

    @staticmethod
    def counter(start=0, step=1, dtype=dtypes.int64, name=None):
        """start, start + step, ... without end."""
        dtype = dtypes.as_dtype(dtype)

        def make():
            return (c.tensor(i, dtype) for i in itertools.count(start, step))

        return Dataset("_ScanDataset", make, TensorSpec([], dtype), INFINITE)

    @staticmethod
    def random(seed=None, rerandomize_each_iteration=None, name=None):
        """Random numbers in [0, 2 ** 32) without end, int64."""
        seeds = Seeds(seed, True) if rerandomize_each_iteration else None
        pair = None if seeds else seeds_of(seed)

        def make():
            numbers = Numbers(*(seeds.next() if seeds else pair))
            return (c.tensor(numbers.next(), dtypes.int64) for _ in itertools.count())

        return Dataset("_RandomDataset", make, TensorSpec([], dtypes.int64), INFINITE)

    @staticmethod
    def list_files(file_pattern, shuffle=None, seed=None, name=None):
        """The names of the files that match, shuffled unless told not to."""
        files = c.public("io.matching_files")(file_pattern)
        if not files.shape[0]:
            raise steps.invalid(f"No files matched pattern: {c.static_value(file_pattern)}")
        made = Dataset.from_tensor_slices(files)
        return made if shuffle is False else made.shuffle(int(files.shape[0]), seed)

    @staticmethod
    def zip(*args, datasets=None, name=None):
        """Elements of several datasets (in a tuple or dict) side by side."""
        if not args and datasets is None:
            raise TypeError("Must pass at least one dataset to `zip`.")
        if args and datasets is not None:
            raise TypeError("Both `*args` and `datasets` cannot be set.")
        structure = datasets if datasets is not None else args[0] if len(args) == 1 else args
        parts = s.leaves(structure)
        for d in parts:
            if isinstance(d, list):
                raise TypeError(
                    "Invalid input to `zip`. Inputs are expected to be (nested) structures of `tf.data.Dataset` objects. "
                    "Python `list` is not supported and you should use `tuple` instead."
                )
            if not isinstance(d, Dataset):
                raise TypeError(
                    "Invalid input to `zip`. Inputs are expected to be (nested) structures of `tf.data.Dataset` objects "
                    f"but encountered object of type {type(d)}."
                )

        def make():
            for row in zip(*(iter(d) for d in parts)):
                values = iter(row)
                yield s.map_leaves(lambda _, v=values: next(v), structure)

        counts = [d._count for d in parts]
        finite = [n for n in counts if n != INFINITE]
        count = INFINITE if not finite else UNKNOWN if UNKNOWN in finite else min(finite)
        return Dataset("_ZipDataset", make, lambda: s.map_leaves(lambda d: d.element_spec, structure), count)

    @staticmethod
    def choose_from_datasets(datasets, choice_dataset, stop_on_empty_dataset=True):
        """Elements of the datasets that the choices number."""

        def make():
            sources = [iter(d) for d in datasets]
            for choice in choice_dataset:
                for x in sources[int(choice.numpy())]:
                    yield x
                    break
                else:
                    if stop_on_empty_dataset:
                        return

        return Dataset("_DirectedInterleaveDataset", make, lambda: datasets[0].element_spec, UNKNOWN)

    # One element at a time.

    def map(
        self,
        map_func,
        num_parallel_calls=None,
        deterministic=None,
        synchronous=None,
        use_unbounded_threadpool=False,
        name=None,
    ):
        """map_func of each element; the parts of a tuple are its arguments."""
        steps.check_callable(map_func)

        def make():
            return (s.as_result(s.call(map_func, x)) for x in iter(self))

        kind = "_MapDataset" if num_parallel_calls is None else "_ParallelMapDataset"
        return self._mapped(kind, make, lambda: s.traced_spec(map_func, self.element_spec), self._count)

    def filter(self, predicate, name=None):
        """The elements for which predicate is true."""
        steps.check_callable(predicate)

        def make():
            return (x for x in iter(self) if steps.truth(predicate, x))

        return self._same("_FilterDataset", make, UNKNOWN)

    def take_while(self, predicate, name=None):
        """The elements up to the first for which predicate is false."""

        def make():
            return itertools.takewhile(lambda x: steps.truth(predicate, x), iter(self))

        return self._same("_TakeWhileDataset", make, UNKNOWN)

    def scan(self, initial_state, scan_func, name=None):
        """The outputs of scan_func(state, element), which gives (new state, output)."""
        first = s.as_element(initial_state)

        def make():
            state = first
            for x in iter(self):
                state, y = scan_func(state, x)
                state = s.as_result(state)
                yield s.as_result(y)

        def spec():
            state = s.map_leaves(s.spec_of, first)
            return s.traced_spec(lambda pair: scan_func(*pair)[1], (state, self.element_spec), unpack=False)

        return self._mapped("_ScanDataset", make, spec, self._count)

    def flat_map(self, map_func, name=None):
        """The elements of the datasets that map_func gives, one dataset after the other."""

        def make():
            return (y for x in iter(self) for y in iter(_dataset(s.call(map_func, x), "map_func")))

        return self._mapped("_FlatMapDataset", make, lambda: self._inner_spec(map_func), UNKNOWN)

    def interleave(
        self,
        map_func,
        cycle_length=None,
        block_length=None,
        num_parallel_calls=None,
        deterministic=None,
        name=None,
    ):
        """The elements of the datasets that map_func gives, block_length from each of cycle_length in turn."""
        cycle = os.cpu_count() if cycle_length in (None, AUTOTUNE) else cycle_length
        block = block_length or 1

        def make():
            return steps.interleaved(
                iter(self), lambda x: _dataset(s.call(map_func, x), "map_func"), cycle, block
            )

        return self._mapped("_InterleaveDataset", make, lambda: self._inner_spec(map_func), UNKNOWN)

    def _inner_spec(self, map_func):
        return s.traced_spec(map_func, self.element_spec).element_spec

    def enumerate(self, start=0, name=None):
        """(number, element)."""
        highest = np.iinfo(np.int64).max
        numbers = Dataset.range(start, highest)
        numbers._count = INFINITE
        return Dataset.zip((numbers, self))

    def reduce(self, initial_state, reduce_func, name=None):
        """The last state of reduce_func(state, element)."""
        state = s.as_element(initial_state)
        kinds = s.map_leaves(lambda x: x.dtype, state)
        for x in iter(self):
            state = s.as_result(reduce_func(state, x))
            steps.check_state(kinds, state)
        return state

    def unique(self, name=None):
        """Each element when it first comes."""

        def make():
            seen = set()
            for x in iter(self):
                key = x.numpy()
                key = key if isinstance(key, bytes) else key.item()
                if key not in seen:
                    seen.add(key)
                    yield x

        return self._same("_UniqueDataset", make, UNKNOWN)

    def get_single_element(self, name=None):
        """The only element."""
        found = list(itertools.islice(iter(self), 2))
        if len(found) != 1:
            raise steps.invalid("Dataset was empty." if not found else "Dataset had more than one element.")
        return found[0]

    # Order and number.

    def repeat(self, count=None, name=None):
        """All elements count times, or without end."""
        times = -1 if count is None else steps.number(count, "count")
        if times < 0:
            total = 0 if self._count == 0 else INFINITE
        else:
            total = 0 if times == 0 else self._count * times if self._count >= 0 else self._count

        def make():
            passes = itertools.count() if times < 0 else range(times)
            for _ in passes:
                empty = True
                for x in iter(self):
                    empty = False
                    yield x
                if empty and times < 0:
                    return

        return self._same("_RepeatDataset", make, total)

    def take(self, count, name=None):
        """The first count elements; all of them for -1."""
        n = steps.number(count, "count")
        total = self._count if n < 0 else steps.limited(self._count, n)
        if n < 0:
            return self._same("_TakeDataset", lambda: iter(self), total)
        return self._same("_TakeDataset", lambda: itertools.islice(iter(self), n), total)

    def skip(self, count, name=None):
        """All but the first count elements; none for -1."""
        n = steps.number(count, "count")
        if n < 0:
            return self._same("_SkipDataset", lambda: iter(()), 0)
        total = max(0, self._count - n) if self._count >= 0 else self._count
        return self._same("_SkipDataset", lambda: itertools.islice(iter(self), n, None), total)

    def shard(self, num_shards, index, name=None):
        """Every num_shards-th element from index on."""
        n, i = steps.number(num_shards, "num_shards"), steps.number(index, "index")
        if n < 1:
            raise steps.invalid(f"Number of shards must be greater than zero (currently num_shards = {n}).")
        if not 0 <= i < n:
            raise steps.invalid(f"Index must be between 0 and {n - 1} (currently index = {i}).")
        total = self._count // n + (i < self._count % n) if self._count >= 0 else self._count
        return self._same("_ShardDataset", lambda: itertools.islice(iter(self), i, None, n), total)

    def concatenate(self, dataset, name=None):
        """The elements of this dataset, then those of another."""
        mine, other = self.element_spec, dataset.element_spec
        if not steps.compatible(mine, other):
            raise TypeError(f"Incompatible dataset elements:\n  {mine} vs.   {other}")
        counts = (self._count, dataset._count)
        total = INFINITE if INFINITE in counts else UNKNOWN if UNKNOWN in counts else sum(counts)

        def make():
            return itertools.chain(iter(self), iter(dataset))

        return self._mapped(
            "_ConcatenateDataset", make, lambda: s.map_leaves(steps.merged, mine, other), total
        )

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=True, name=None):
        """The elements in random order, each chosen from the next buffer_size; the seed gives TensorFlow's order."""
        size = steps.number(buffer_size, "buffer_size")
        if size < 1 and size != UNKNOWN:
            raise steps.invalid("buffer_size must be greater than zero or UNKNOWN_CARDINALITY")
        size = float("inf") if size == UNKNOWN else size
        seeds = Seeds(seed, reshuffle_each_iteration is not False)
        return self._same("_ShuffleDataset", lambda: shuffled(iter(self), size, seeds.next()))

    def cache(self, filename="", name=None):
        """The elements, kept in memory after the first whole pass."""
        if filename:
            raise NotImplementedError("Floe keeps a cached dataset in memory only: leave `filename` out.")
        kept = []

        def make():
            if kept:
                return iter(kept[0])
            return steps.keeping(iter(self), kept)

        return self._same("CacheDataset", make)

    def prefetch(self, buffer_size, name=None):
        """The same elements."""
        return self._same("_PrefetchDataset", lambda: iter(self))

    def ignore_errors(self, log_warning=False, name=None):
        """The elements without those whose making raised an error."""
        return self._same("_IgnoreErrorsDataset", lambda: steps.without_errors(iter(self)), UNKNOWN)

    def options(self):
        """The options set with with_options."""
        from .data_options import Options

        return self._options or Options()

    def with_options(self, options, name=None):
        """The same elements; the options are remembered."""
        made = self._same("_OptionsDataset", lambda: iter(self))
        made._options = options
        return made

    def apply(self, transformation_func):
        """transformation_func of this dataset."""
        made = transformation_func(self)
        if not isinstance(made, Dataset):
            raise TypeError(
                f"`transformation_func` must return a `tf.data.Dataset` object. Got {type(made)}."
            )
        return made

    # Several elements at a time.

    def batch(self, batch_size, drop_remainder=False, num_parallel_calls=None, deterministic=None, name=None):
        """batch_size elements stacked along a new first dimension."""
        from .data_batch import batched, batched_spec

        n = _positive_batch(batch_size)
        drop = bool(drop_remainder)
        return self._mapped(
            "_BatchDataset",
            lambda: batched(iter(self), n, drop),
            lambda: batched_spec(self.element_spec, n if drop else None),
            steps.batches(self._count, n, drop),
        )

    def padded_batch(
        self, batch_size, padded_shapes=None, padding_values=None, drop_remainder=False, name=None
    ):
        """batch_size elements padded to one shape (the largest of the batch) and stacked."""
        from .data_batch import Padding

        n = _positive_batch(batch_size)
        drop = bool(drop_remainder)
        padding = Padding(self.element_spec, padded_shapes, padding_values)
        return self._mapped(
            "_PaddedBatchDataset",
            lambda: padding.batched(iter(self), n, drop),
            lambda: padding.spec(n if drop else None),
            steps.batches(self._count, n, drop),
        )

    def unbatch(self, name=None):
        """The rows of each element."""
        spec = self.element_spec
        if any(isinstance(x, TensorSpec) and x.shape.rank == 0 for x in s.leaves(spec)):
            raise ValueError("Cannot unbatch an input with scalar components.")

        def make():
            for x in iter(self):
                for i in range(int(s.leaves(x)[0].shape[0])):
                    yield s.map_leaves(lambda v, i=i: s.row(v, i), x)

        return self._mapped("_UnbatchDataset", make, lambda: s.map_leaves(steps.row_spec, spec), UNKNOWN)

    def rebatch(self, batch_size, drop_remainder=False, name=None):
        """Elements of another batch size."""
        made = self.unbatch().batch(batch_size, drop_remainder)
        made._kind = "_RebatchDataset"
        return made

    def window(self, size, shift=None, stride=1, drop_remainder=False, name=None):
        """Datasets of `size` elements, `stride` apart; each starts `shift` (size) elements after the one before."""
        from .data_batch import windows

        size, stride = steps.number(size, "size"), steps.number(stride, "stride")
        shift = size if shift is None else steps.number(shift, "shift")
        for what, v in (("size", size), ("shift", shift), ("stride", stride)):
            if v < 1:
                raise steps.invalid(f"Window {what} must be greater than zero.")

        def make():
            for rows in windows(iter(self), size, shift, stride, drop_remainder):
                yield s.map_leaves(functools.partial(_listed, rows), *_numbered(self.element_spec))

        def spec():
            return s.map_leaves(DatasetSpec, self.element_spec)

        return self._mapped("_WindowDataset", make, spec, UNKNOWN)


def _numbered(spec):
    places = iter(range(len(s.leaves(spec))))
    return spec, s.map_leaves(lambda _: next(places), spec)


def _listed(rows, spec, place):
    """A dataset of one component of each row."""
    values = [s.leaves(r)[place] for r in rows]
    return Dataset("_VariantDataset", lambda: iter(values), spec, len(values))


def _dataset(x, what):
    if not isinstance(x, Dataset):
        raise TypeError(f"The `{what}` argument must return a `Dataset` object. Got {type(x)!r}.")
    return x


def _positive_batch(batch_size):
    n = steps.number(batch_size, "batch_size")
    if n < 1:
        raise steps.invalid("Batch size must be greater than zero.")
    return n


@export("data.experimental.cardinality")
def cardinality(dataset):
    """The number of elements, int64; -1 when infinite, -2 when unknown."""
    return dataset.cardinality()


@export("compat.v1.data.make_one_shot_iterator")
def make_one_shot_iterator(dataset):
    """An iterator over the elements."""
    return iter(dataset)


@export("compat.v1.data.get_output_types")
def get_output_types(dataset_or_iterator):
    """The types of the elements' tensors."""
    return s.map_leaves(lambda x: x.dtype, dataset_or_iterator.element_spec)


@export("compat.v1.data.get_output_shapes")
def get_output_shapes(dataset_or_iterator):
    """The shapes of the elements' tensors."""
    return s.map_leaves(lambda x: x.shape, dataset_or_iterator.element_spec)


@export("compat.v1.data.get_output_classes")
def get_output_classes(dataset_or_iterator):
    """The classes of the elements' leaves."""
    return s.map_leaves(
        lambda x: Tensor if isinstance(x, TensorSpec) else type(x), dataset_or_iterator.element_spec
    )
