"""tf.io and tf.data on files."""

import gzip

import numpy as np
import pytest

import floe as tf


def test_read_and_write(tmp_path):
    path = tmp_path / "new" / "file.bin"
    tf.io.write_file(path, b"a\0b")
    assert tf.io.read_file(str(path)).numpy() == b"a\0b"
    assert tf.compat.v1.read_file(path).numpy() == b"a\0b"
    tf.io.write_file(str(path), tf.strings.join(["x", "y"]))
    assert path.read_bytes() == b"xy"
    with pytest.raises(tf.errors.NotFoundError):
        tf.io.read_file(str(tmp_path / "none"))


def test_matching_files(tmp_path):
    for n in ("b.txt", "a.txt", "c.bin"):
        (tmp_path / n).write_text(n)
    found = tf.io.matching_files(str(tmp_path / "*.txt")).numpy().tolist()
    assert found == [str(tmp_path / n).encode() for n in ("a.txt", "b.txt")]
    both = tf.io.matching_files([str(tmp_path / "c*"), str(tmp_path / "a*")])
    assert both.shape == [2]
    assert tf.io.matching_files(str(tmp_path / "*.none")).shape == [0]
    listed = tf.data.Dataset.list_files(str(tmp_path / "*.txt"), shuffle=False)
    assert list(listed.as_numpy_iterator()) == found
    with pytest.raises(tf.errors.InvalidArgumentError, match="No files matched pattern"):
        tf.data.Dataset.list_files(str(tmp_path / "*.none"))


def test_lines(tmp_path):
    (tmp_path / "a").write_bytes(b"one\ntwo\r\n\nthree")
    (tmp_path / "b").write_bytes(gzip.compress(b"four\n"))
    lines = tf.data.TextLineDataset(str(tmp_path / "a"))
    assert list(lines.as_numpy_iterator()) == [b"one", b"two", b"", b"three"]
    assert lines.batch(3).element_spec == tf.TensorSpec([None], tf.string)
    zipped = tf.data.TextLineDataset([str(tmp_path / "b")], compression_type="GZIP")
    assert list(zipped.as_numpy_iterator()) == [b"four"]
    names = tf.data.Dataset.from_tensor_slices([str(tmp_path / "a")] * 2)
    assert len(list(tf.data.TextLineDataset(names))) == 8


def test_records_of_one_length(tmp_path):
    (tmp_path / "r").write_bytes(b"HEADaabbccF")
    made = tf.data.FixedLengthRecordDataset(str(tmp_path / "r"), 2, header_bytes=4, footer_bytes=1)
    assert list(made.as_numpy_iterator()) == [b"aa", b"bb", b"cc"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Excess bytes in input file"):
        list(tf.data.FixedLengthRecordDataset(str(tmp_path / "r"), 4))


def test_table_from_text(tmp_path):
    (tmp_path / "v").write_text("cat\ndog\n")
    init = tf.lookup.TextFileInitializer(
        str(tmp_path / "v"),
        tf.string,
        tf.lookup.TextFileIndex.WHOLE_LINE,
        tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER,
    )
    table = tf.lookup.StaticHashTable(init, -1)
    np.testing.assert_array_equal(table.lookup(tf.constant(["dog", "cow"])).numpy(), [1, -1])


def test_experimental():
    d = tf.data.Dataset.range(5)
    e = tf.data.experimental
    assert list(d.apply(e.take_while(lambda x: tf.math.less(x, 2))).as_numpy_iterator()) == [0, 1]
    assert list(d.apply(e.assert_cardinality(5)).as_numpy_iterator()) == list(range(5))
    with pytest.raises(
        tf.errors.FailedPreconditionError, match="was expected to contain 6 elements but contained only 5"
    ):
        list(d.apply(e.assert_cardinality(6)))
    with pytest.raises(
        tf.errors.FailedPreconditionError, match="was expected to contain 3 elements but contained more"
    ):
        list(d.apply(e.assert_cardinality(3)))
    assert e.at(d, 3).numpy() == 3
    with pytest.raises(tf.errors.OutOfRangeError, match="Index out of range"):
        e.at(d, 9)
    assert list(e.from_list([(1, "a"), (2, "b")]).as_numpy_iterator()) == [(1, b"a"), (2, b"b")]
