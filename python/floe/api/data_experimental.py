"""tf.data.experimental: transformations that Dataset has as methods, for Dataset.apply."""

from .. import dtypes
from ..errors import FailedPreconditionError
from ..export import export
from .data_dataset import INFINITE, UNKNOWN, Dataset


@export("data.experimental.ignore_errors")
def ignore_errors(log_warning=False):
    """Dataset.ignore_errors."""
    return lambda dataset: dataset.ignore_errors(log_warning)


@export("data.experimental.scan")
def scan(initial_state, scan_func):
    """Dataset.scan."""
    return lambda dataset: dataset.scan(initial_state, scan_func)


@export("data.experimental.take_while")
def take_while(predicate):
    """Dataset.take_while."""
    return lambda dataset: dataset.take_while(predicate)


@export("data.experimental.unbatch")
def unbatch():
    """Dataset.unbatch."""
    return lambda dataset: dataset.unbatch()


@export("data.experimental.unique")
def unique():
    """Dataset.unique."""
    return lambda dataset: dataset.unique()


@export("data.experimental.enumerate_dataset")
def enumerate_dataset(start=0):
    """Dataset.enumerate."""
    return lambda dataset: dataset.enumerate(start)


@export("data.experimental.Counter")
def counter(start=0, step=1, dtype=dtypes.int64):
    """start, start + step, ... without end."""
    return Dataset.counter(start, step, dtype)


@export("data.experimental.RandomDataset")
def random_dataset(seed=None, rerandomize_each_iteration=None, name=None):
    """Random numbers without end."""
    return Dataset.random(seed, rerandomize_each_iteration)


@export("data.experimental.choose_from_datasets")
def choose_from_datasets(datasets, choice_dataset, stop_on_empty_dataset=False):
    """Elements of the datasets that the choices number."""
    return Dataset.choose_from_datasets(datasets, choice_dataset, stop_on_empty_dataset)


@export("data.experimental.get_single_element")
def get_single_element(dataset):
    """The only element."""
    return dataset.get_single_element()


@export("data.experimental.get_structure")
def get_structure(dataset_or_iterator):
    """The specs of the elements."""
    return dataset_or_iterator.element_spec


@export("data.experimental.from_list")
def from_list(elements, name=None):
    """A dataset of the list's elements, which all have one structure."""
    if not isinstance(elements, list):
        raise TypeError("`elements` must be a list.")
    if not elements:
        raise ValueError("`elements` must not be empty")
    parts = [Dataset.from_tensors(x) for x in elements]

    def make():
        return (x for p in parts for x in p)

    return Dataset("_ListDataset", make, parts[0].element_spec, len(parts))


@export("data.experimental.shuffle_and_repeat")
def shuffle_and_repeat(buffer_size, count=None, seed=None):
    """Dataset.shuffle, then Dataset.repeat."""
    return lambda dataset: dataset.shuffle(buffer_size, seed).repeat(count)


@export("data.experimental.map_and_batch")
def map_and_batch(
    map_func, batch_size, num_parallel_batches=None, drop_remainder=False, num_parallel_calls=None
):
    """Dataset.map, then Dataset.batch."""
    return lambda dataset: dataset.map(map_func).batch(batch_size, drop_remainder)


@export("data.experimental.prefetch_to_device")
def prefetch_to_device(device, buffer_size=None):
    """The same elements."""
    return lambda dataset: dataset.prefetch(buffer_size)


@export("data.experimental.copy_to_device")
def copy_to_device(target_device, source_device="/cpu:0"):
    """The same elements."""
    return lambda dataset: dataset.prefetch(1)


@export("data.experimental.assert_cardinality")
def assert_cardinality(expected_cardinality):
    """The same elements; an error where there are not as many as said."""
    expected = int(expected_cardinality)

    def checked(dataset):
        def make():
            n = 0
            for x in dataset:
                n += 1
                if 0 <= expected < n:
                    raise FailedPreconditionError(
                        None,
                        None,
                        f"Input dataset was expected to contain {expected} elements but contained more.",
                    )
                yield x
            if expected not in (n, UNKNOWN):
                wanted = "an infinite number of" if expected == INFINITE else expected
                raise FailedPreconditionError(
                    None,
                    None,
                    f"Input dataset was expected to contain {wanted} elements but contained only {n} elements.",
                )

        return Dataset("_AssertCardinalityDataset", make, lambda: dataset.element_spec, expected)

    return checked


@export("data.experimental.at")
def at(dataset, index):
    """The element with a number."""
    from ..errors import OutOfRangeError

    i = int(index)
    for x in dataset.skip(i).take(1) if i >= 0 else ():
        return x
    raise OutOfRangeError(None, None, f"Index out of range [0, {dataset.cardinality()}):{i}")
