"""tf.lookup: tables."""

import itertools

from .. import dtypes, raw_ops
from ..export import export
from ..graph import executing_eagerly, get_default_graph
from . import compose as c

_numbers = itertools.count()


def _shared_name(name):
    return f"{name}_{next(_numbers)}"


def _on_values(keys, run):
    """run on a tensor, or on the values of a sparse or ragged one."""
    if hasattr(keys, "dense_shape"):
        return type(keys)(keys.indices, run(keys.values), keys.dense_shape)
    if hasattr(keys, "with_flat_values"):
        return keys.with_flat_values(run(keys.flat_values))
    return run(keys)


@export("lookup.TextFileIndex")
class TextFileIndex:
    """What of a line of a text file is meant."""

    WHOLE_LINE = -2
    LINE_NUMBER = -1


class _Table:
    def __init__(self, key_dtype, value_dtype, name):
        self._key_dtype = dtypes.as_dtype(key_dtype)
        self._value_dtype = dtypes.as_dtype(value_dtype)
        self._name = name

    @property
    def key_dtype(self):
        return self._key_dtype

    @property
    def value_dtype(self):
        return self._value_dtype

    @property
    def name(self):
        return self._name

    @property
    def resource_handle(self):
        return self._handle

    def __getitem__(self, keys):
        return self.lookup(keys)

    def size(self, name=None):
        """The number of keys, int64."""
        return raw_ops.LookupTableSizeV2(table_handle=self._handle, name=name)

    def export(self, name=None):
        """All (keys, values)."""
        return raw_ops.LookupTableExportV2(
            table_handle=self._handle, Tkeys=self._key_dtype, Tvalues=self._value_dtype, name=name
        )

    def _check_keys(self, keys):
        if not hasattr(keys, "dtype"):
            keys = c.tensor(keys, self._key_dtype)
        if keys.dtype != self._key_dtype:
            raise TypeError(f"Dtype of argument `keys` must be {self._key_dtype!r}, received: {keys.dtype!r}")
        return keys

    def _find(self, keys, default, name):
        def run(k):
            return raw_ops.LookupTableFindV2(
                table_handle=self._handle, keys=k, default_value=default, name=name
            )

        return _on_values(keys, run)


class _Initializer:
    def __init__(self, key_dtype, value_dtype):
        self._key_dtype = dtypes.as_dtype(key_dtype)
        self._value_dtype = dtypes.as_dtype(value_dtype)

    @property
    def key_dtype(self):
        return self._key_dtype

    @property
    def value_dtype(self):
        return self._value_dtype

    def _check(self, table):
        if table.key_dtype != self._key_dtype or table.value_dtype != self._value_dtype:
            raise TypeError(
                f"Invalid key/value dtype for table {table.name}: expected ({self._key_dtype}, {self._value_dtype}), "
                f"got ({table.key_dtype}, {table.value_dtype})."
            )


@export("lookup.KeyValueTensorInitializer")
class KeyValueTensorInitializer(_Initializer):
    """Keys and values, for a StaticHashTable."""

    def __init__(self, keys, values, key_dtype=None, value_dtype=None, name=None):
        self._keys = c.tensor(keys, key_dtype)
        self._values = c.tensor(values, value_dtype)
        self._name = name or "key_value_init"
        super().__init__(self._keys.dtype, self._values.dtype)

    def initialize(self, table):
        """Puts the keys and values into the table."""
        self._check(table)
        return raw_ops.LookupTableImportV2(
            table_handle=table.resource_handle, keys=self._keys, values=self._values
        )


@export("lookup.TextFileInitializer")
class TextFileInitializer(_Initializer):
    """Keys and values from the lines of a text file, for a StaticHashTable."""

    def __init__(
        self,
        filename,
        key_dtype,
        key_index,
        value_dtype,
        value_index,
        vocab_size=None,
        delimiter="\t",
        name=None,
        value_index_offset=0,
    ):
        super().__init__(key_dtype, value_dtype)
        self._check_column("key", key_index, self._key_dtype)
        self._check_column("value", value_index, self._value_dtype)
        if vocab_size is not None and vocab_size <= 0:
            raise ValueError(f"`vocab_size` should be greater than 0, got {vocab_size}.")
        if key_index == value_index:
            raise ValueError(
                f"`key_index` and `value_index` should be different, got {key_index} for both of them."
            )
        self._filename = filename
        self._args = dict(
            key_index=key_index,
            value_index=value_index,
            vocab_size=-1 if vocab_size is None else vocab_size,
            delimiter=delimiter,
            offset=value_index_offset,
        )

    @staticmethod
    def _check_column(what, index, dtype):
        if index == TextFileIndex.LINE_NUMBER and dtype != dtypes.int64:
            raise ValueError(
                f"`{what}_dtype` must be int64 if `{what}_index` is {TextFileIndex.LINE_NUMBER}, received: {dtype}"
            )
        if index == TextFileIndex.WHOLE_LINE and not (dtype.is_integer or dtype == dtypes.string):
            raise ValueError(
                f"`{what}_dtype` should be either integer or string for `{what}_index` {TextFileIndex.WHOLE_LINE}, "
                f"received: {dtype}"
            )
        if index < -2:
            raise ValueError(f"`{what}_index` should be >= -2, received: {index}")

    def initialize(self, table):
        """Reads the file into the table."""
        self._check(table)
        return raw_ops.InitializeTableFromTextFileV2(
            table_handle=table.resource_handle, filename=self._filename, **self._args
        )


class _Static(_Table):
    def __init__(self, initializer, default_value, name):
        super().__init__(initializer.key_dtype, initializer.value_dtype, name)
        self._initializer = initializer
        self._default = c.tensor(default_value, self._value_dtype)
        if self._default.shape.rank not in (None, 0):
            raise ValueError("`default_value` must be a scalar")
        types = dict(key_dtype=self._key_dtype, value_dtype=self._value_dtype)
        if executing_eagerly():
            self._handle = raw_ops.AnonymousHashTable(**types)
        else:
            self._handle = raw_ops.HashTableV2(shared_name=_shared_name("hash_table"), name=name, **types)
        self._init_op = initializer.initialize(self)

    @property
    def default_value(self):
        return self._default

    def lookup(self, keys, name=None):
        """The value of each key, default_value for those that are not there."""
        return self._find(self._check_keys(keys), self._default, name)


@export("lookup.StaticHashTable")
class StaticHashTable(_Static):
    """A table whose keys and values are given when it is made."""

    def __init__(self, initializer, default_value, name=None, experimental_is_anonymous=False):
        super().__init__(initializer, default_value, name)


@export("compat.v1.lookup.StaticHashTable")
class StaticHashTableV1(_Static):
    """A table whose keys and values its `initializer` op puts in."""

    def __init__(self, initializer, default_value, name=None, experimental_is_anonymous=False):
        super().__init__(initializer, default_value, name)
        if not executing_eagerly():
            get_default_graph().add_to_collection("table_initializer", self._init_op)

    @property
    def initializer(self):
        return self._init_op


class _Vocabulary(_Table):
    def __init__(self, initializer, num_oov_buckets, lookup_key_dtype, name, table):
        if num_oov_buckets <= 0:
            raise ValueError(
                f"`num_oov_buckets` must be > 0; use StaticHashTable. Received: {num_oov_buckets}."
            )
        if initializer is not None:
            if initializer.key_dtype not in (dtypes.string, dtypes.int64, dtypes.int32):
                raise TypeError(
                    f"Invalid `key_dtype`, expected string or integer, received {initializer.key_dtype}."
                )
            if initializer.value_dtype != dtypes.int64:
                raise TypeError(
                    f"Invalid `value_dtype`, expected {dtypes.int64} but got {initializer.value_dtype}."
                )
        elif lookup_key_dtype is None:
            raise TypeError("`lookup_key_dtype` must be given when there is no initializer.")
        super().__init__(lookup_key_dtype or initializer.key_dtype, dtypes.int64, name)
        self._buckets = num_oov_buckets
        self._table = None if initializer is None else table(initializer, -1)

    @property
    def resource_handle(self):
        return None if self._table is None else self._table.resource_handle

    def export(self, name=None):
        raise NotImplementedError(
            "A vocabulary table has no export: look at the table that it was made from."
        )

    def size(self, name=None):
        """The number of keys and buckets, int64."""
        known = c.tensor(0, dtypes.int64) if self._table is None else self._table.size()
        return c.add(known, c.tensor(self._buckets, dtypes.int64), name)

    def lookup(self, keys, name=None):
        """The id of each key; keys that are not there get one of the buckets after the ids."""
        keys = self._check_keys(keys)
        return _on_values(keys, lambda k: self._ids(k, name))

    def _ids(self, keys, name):
        text = keys if keys.dtype == dtypes.string else raw_ops.AsString(input=keys)
        buckets = raw_ops.StringToHashBucketFast(input=text, num_buckets=self._buckets)
        if self._table is None:
            return c.identity(buckets, name) if name else buckets
        ids = self._table.lookup(c.cast(keys, self._table.key_dtype) if keys.dtype.is_integer else keys)
        missing = c.equal(ids, self._table.default_value)
        return c.where(missing, c.add(buckets, self._table.size()), ids, name)


@export("lookup.StaticVocabularyTable")
class StaticVocabularyTable(_Vocabulary):
    """Ids for known keys, and hash buckets after them for all others."""

    def __init__(
        self, initializer, num_oov_buckets, lookup_key_dtype=None, name=None, experimental_is_anonymous=False
    ):
        super().__init__(initializer, num_oov_buckets, lookup_key_dtype, name, StaticHashTable)


@export("compat.v1.lookup.StaticVocabularyTable")
class StaticVocabularyTableV1(_Vocabulary):
    """Ids for known keys, and hash buckets after them for all others."""

    def __init__(
        self, initializer, num_oov_buckets, lookup_key_dtype=None, name=None, experimental_is_anonymous=False
    ):
        super().__init__(initializer, num_oov_buckets, lookup_key_dtype, name, StaticHashTableV1)

    @property
    def initializer(self):
        return raw_ops.NoOp() if self._table is None else self._table.initializer


class _Mutable(_Table):
    def insert(self, keys, values, name=None):
        """Sets the values of keys."""
        return raw_ops.LookupTableInsertV2(
            table_handle=self._handle,
            keys=c.tensor(keys, self._key_dtype),
            values=c.tensor(values, self._value_dtype),
            name=name,
        )

    def remove(self, keys, name=None):
        """Removes keys; those that are not there are no error."""
        return raw_ops.LookupTableRemoveV2(table_handle=self._handle, keys=self._check_keys(keys), name=name)


@export("lookup.experimental.MutableHashTable")
class MutableHashTable(_Mutable):
    """A table to which keys can be added; values may be vectors."""

    def __init__(
        self,
        key_dtype,
        value_dtype,
        default_value,
        name="MutableHashTable",
        checkpoint=True,
        experimental_is_anonymous=False,
    ):
        super().__init__(key_dtype, value_dtype, name)
        self._default = c.tensor(default_value, self._value_dtype)
        types = dict(key_dtype=self._key_dtype, value_dtype=self._value_dtype)
        tensors = self._default.shape.rank != 0
        if tensors:
            types["value_shape"] = self._default.shape
        if executing_eagerly():
            op = raw_ops.AnonymousMutableHashTableOfTensors if tensors else raw_ops.AnonymousMutableHashTable
            self._handle = op(**types)
        else:
            op = raw_ops.MutableHashTableOfTensorsV2 if tensors else raw_ops.MutableHashTableV2
            self._handle = op(shared_name=_shared_name("table"), name=name, **types)

    def lookup(self, keys, dynamic_default_values=None, name=None):
        """The value of each key, or the default for those that are not there."""
        default = self._default if dynamic_default_values is None else dynamic_default_values
        return self._find(self._check_keys(keys), default, name)


@export("lookup.experimental.DenseHashTable")
class DenseHashTable(_Mutable):
    """A table to which keys can be added; two keys, empty_key and deleted_key, are reserved."""

    def __init__(
        self,
        key_dtype,
        value_dtype,
        default_value,
        empty_key,
        deleted_key,
        initial_num_buckets=None,
        name="MutableDenseHashTable",
        checkpoint=True,
        experimental_is_anonymous=False,
    ):
        super().__init__(key_dtype, value_dtype, name)
        self._default = c.tensor(default_value, self._value_dtype)
        args = dict(
            empty_key=c.tensor(empty_key, self._key_dtype),
            deleted_key=c.tensor(deleted_key, self._key_dtype),
            value_dtype=self._value_dtype,
            value_shape=self._default.shape,
            initial_num_buckets=initial_num_buckets or 131072,
        )
        if executing_eagerly():
            self._handle = raw_ops.AnonymousMutableDenseHashTable(**args)
        else:
            self._handle = raw_ops.MutableDenseHashTableV2(
                shared_name=_shared_name("table"), name=name, **args
            )

    def lookup(self, keys, name=None):
        """The value of each key, or the default for those that are not there."""
        return self._find(self._check_keys(keys), self._default, name)

    def insert_or_assign(self, keys, values, name=None):
        """Sets the values of keys."""
        return self.insert(keys, values, name)

    def erase(self, keys, name=None):
        """Removes keys; those that are not there are no error."""
        return self.remove(keys, name)


@export("compat.v1.tables_initializer", "compat.v1.initializers.tables_initializer")
def tables_initializer(name="init_all_tables"):
    """An op that fills all tables of the default graph."""
    if executing_eagerly():
        return raw_ops.NoOp(name=name)
    ops = get_default_graph().get_collection("table_initializer")
    return c.public("group")(*ops, name=name)
