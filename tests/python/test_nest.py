import collections

import numpy as np
import pytest

import floe as tf

Point = collections.namedtuple("Point", "x y")
nest = tf.nest


def test_flatten():
    assert nest.flatten({"b": 1, "a": [2, (3, 4)]}) == [2, 3, 4, 1]
    assert nest.flatten(3) == [3] and nest.flatten("abc") == ["abc"] and nest.flatten(None) == [None]
    assert nest.flatten([]) == [] and nest.flatten(Point(1, [2])) == [1, 2]
    assert nest.flatten(tf.TensorShape([1, 2])) == [tf.TensorShape([1, 2])]


def test_map_structure():
    assert nest.map_structure(lambda x: x + 1, {"b": 1, "a": [2, (3, 4)]}) == {"b": 2, "a": [3, (4, 5)]}
    assert nest.map_structure(lambda x, y: x + y, [1, 2], [3, 4]) == [4, 6]
    assert nest.map_structure(lambda a: a * 2, Point(1, [2])) == Point(2, [4])
    ordered = nest.map_structure(lambda a: a * 2, collections.OrderedDict([("b", 1), ("a", 2)]))
    assert list(ordered.items()) == [("b", 2), ("a", 4)]
    with pytest.raises(ValueError, match="Must provide at least one structure"):
        nest.map_structure(lambda x: x)
    with pytest.raises(TypeError, match="func must be callable, got: 3"):
        nest.map_structure(3, [1])


def test_pack_sequence_as():
    assert nest.pack_sequence_as([1, [2]], [5, 6]) == [5, [6]]
    assert nest.pack_sequence_as(1, [5]) == 5
    with pytest.raises(ValueError, match="Structure had 2 atoms, but flat_sequence had 1 items"):
        nest.pack_sequence_as([1, [2]], [5])
    with pytest.raises(TypeError, match="Attempted to pack value"):
        nest.pack_sequence_as([1], 5)
    with pytest.raises(ValueError, match="The target structure is of type"):
        nest.pack_sequence_as(1, [5, 6])


@pytest.mark.parametrize(
    ("a", "b", "error", "text"),
    [
        ([1], [2, 3], ValueError, "don't have the same number of elements"),
        ([1], (2,), TypeError, "don't have the same sequence type"),
        (
            [1],
            2,
            ValueError,
            'Substructure "type=list str=[1]" is a sequence, while substructure "type=int str=2" is not',
        ),
        ({"a": 1}, {"b": 1}, ValueError, "don't have the same set of keys"),
        ([1, [2, 3]], [1, [2]], ValueError, "First structure: type=list str=[2, 3]"),
    ],
)
def test_assert_same_structure(a, b, error, text):
    nest.assert_same_structure(a, a)
    with pytest.raises(error) as e:
        nest.assert_same_structure(a, b)
    assert text in str(e.value) and "The two structures don't have the same nested structure." in str(e.value)


def test_is_nested():
    assert [nest.is_nested(x) for x in ([1], (), {}, "a", 3, np.zeros(2), {1, 2}, range(3))] == [
        True, True, True, False, False, False, False, True,
    ]  # fmt: skip
