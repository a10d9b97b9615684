"""tf.test: the test case that users' tests build on, and gradients beside finite differences."""

import sys

import numpy as np
import pytest

import floe as tf


class Assertions(tf.test.TestCase):
    def test_equal(self):
        self.assertAllEqual(tf.constant([1, 2]), [1, 2])
        self.assertAllEqual([np.nan], tf.constant([np.nan]))
        self.assertAllEqual("a", tf.constant(b"a"))
        self.assertAllEqual(tf.ragged.constant([[1], [2, 3]]), [[1], [2, 3]])
        self.assertNotAllEqual([1], [2])
        with self.assertRaisesRegex(AssertionError, r"not equal where = \(array\(\[1\]\),\)\n"):
            self.assertAllEqual([1, 2], [1, 3])
        with self.assertRaisesRegex(AssertionError, r"Shape mismatch: expected \(2,\), got \(1, 2\)"):
            self.assertAllEqual([1, 2], [[1, 2]])
        with self.assertRaisesRegex(AssertionError, "Lists differ"):
            self.assertAllEqual(tf.ragged.constant([[1], [2, 3]]), [[1], [2, 4]])
        with self.assertRaisesRegex(AssertionError, "The two values are equal at all elements"):
            self.assertNotAllEqual([1], [1])

    def test_close(self):
        self.assertAllClose(tf.constant(1.0), 1.0 + 1e-7)
        self.assertAllClose({"a": [1.0, (2.0, 3.0)]}, {"a": [1.0, (2.0, 3.0)]})
        self.assertAllCloseAccordingToType(np.float16(1), np.float16(1.0005))
        self.assertNotAllClose([1.0], [2.0])
        with self.assertRaisesRegex(AssertionError, r"Mismatched value: a\[a\] is different from b\[a\]"):
            self.assertAllClose({"a": 1}, {"a": 2})
        with self.assertRaisesRegex(AssertionError, "mismatched keys: a has keys"):
            self.assertAllClose({"a": 1}, {"b": 1})
        with self.assertRaisesRegex(ValueError, "Can't compare dict to non-dict"):
            self.assertAllClose({"a": 1}, 1)

    def test_ranges(self):
        self.assertAllInRange(tf.constant([1, 2]), 1, 2)
        self.assertAllGreater([2, 3], 1)
        self.assertAllLess([2, 3], 4)
        self.assertAllInSet([1, 2, 1], [1, 2])
        for check in (
            lambda: self.assertAllInRange([1, 2], 1, 2, open_upper_bound=True),
            lambda: self.assertAllInRange([np.nan], 0, 1),
            lambda: self.assertAllInSet([3], [1]),
            lambda: self.assertAllGreaterEqual([1, 2], 2),
            lambda: self.assertAllLessEqual([1, 2], 1),
            lambda: self.assertNear(1.0, 2.0, 0.5),
            lambda: self.assertArrayNear([1.0], [2.0], 0.5),
            lambda: self.assertNDArrayNear(np.ones(2), np.zeros(2), 0.5),
            lambda: self.assertShapeEqual(np.ones([2]), tf.ones([3])),
            lambda: self.assertDTypeEqual(tf.ones([1]), np.float64),
            lambda: self.assertLen([1], 2),
            lambda: self.assertEmpty([1]),
            lambda: self.assertStartsWith("ab", "b"),
            lambda: self.assertBetween(3, 1, 2),
            lambda: self.assertSameElements([1], [2]),
        ):
            with self.assertRaises(AssertionError):
                check()

    def test_errors(self):
        with self.assertRaisesOpError("dimension"):
            raise tf.errors.InvalidArgumentError(None, None, "a dimension")
        with self.assertRaisesWithPredicateMatch(ValueError, lambda e: "x" in str(e)):
            raise ValueError("x")
        with self.assertRaises(AssertionError), self.assertRaisesWithPredicateMatch(ValueError, "y"):
            raise ValueError("x")
        with self.assertRaises(AssertionError), self.assertRaisesOpError("x"):
            pass

    def test_sessions(self):
        with self.cached_session() as s:
            self.assertEqual(s.run(tf.constant(3)), 3)
        with self.session() as s, self.assertRaises(AttributeError):
            s.run(tf.constant(3))
        with tf.Graph().as_default():
            x = tf.constant(3) + 1
            self.assertEqual(self.evaluate(x), 4)
            with self.cached_session() as one, self.cached_session() as two:
                self.assertIs(one, two)
            with self.session() as s:
                self.assertEqual(s.run(x), 4)

    def test_evaluate(self):
        value = self.evaluate(
            {"a": tf.Variable([1]), "b": (tf.sparse.from_dense([[2]]), lambda: tf.constant(3))}
        )
        self.assertAllEqual(value["a"], [1])
        self.assertAllEqual(value["b"][0].values, [2])
        self.assertEqual(value["b"][1], 3)
        with self.assertRaisesRegex(ValueError, "Unsupported type"):
            self.evaluate(3)

    def test_files(self):
        with self.captureWritesToStream(sys.__stderr__) as written:
            print("hello", file=sys.__stderr__)
        self.assertEqual(written.contents(), "hello\n")
        self.assertEqual(self.create_tempfile(content="text").read_text(), "text")
        self.assertIn("test_files", self.get_temp_dir())

    def test_seed(self):
        first = tf.random.uniform([3])
        self.setUp()
        self.assertAllEqual(first, tf.random.uniform([3]))

    def test_messages(self):
        g = tf.compat.v1.GraphDef()
        g.node.add().name = "a"
        self.assertProtoEquals("node { name: 'a' }", g)
        with self.assertRaises(AssertionError):
            self.assertProtoEquals("node { name: 'b' }", g)
        other = tf.compat.v1.GraphDef()
        with self.assertRaisesRegex(AssertionError, "'a' is in the actual graph only"):
            tf.test.assert_equal_graph_def(other, g)
        tf.test.assert_equal_graph_def(g, g)


def test_a_fresh_thread_hands_over_its_error():
    case = Assertions("test_seed")
    t = case.checkedThread(lambda: 1 / 0)
    t.start()
    with pytest.raises(AssertionError, match="division by zero"):
        t.join()


def test_gradients():
    x, y = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])
    exact, numeric = tf.test.compute_gradient(lambda a, b: tf.reduce_sum(a * b), [x, y])
    for found in (exact, numeric):
        np.testing.assert_allclose(found[0], [[3.0, 4.0]], rtol=1e-3)
        np.testing.assert_allclose(found[1], [[1.0, 2.0]], rtol=1e-3)
    z = tf.constant([1 + 2j, 3 - 1j], tf.complex128)
    exact, numeric = tf.test.compute_gradient(lambda a: a * a, [z])
    assert exact[0].shape == (4, 4)
    np.testing.assert_allclose(exact[0], numeric[0], atol=1e-6)
    with pytest.raises(ValueError, match="`x` must be a list or tuple"):
        tf.test.compute_gradient(lambda a: a, x)


def test_gradients_in_a_session():
    with tf.Graph().as_default(), tf.compat.v1.Session():
        x = tf.constant([1.0, 2.0])
        y = x * x
        exact, numeric = tf.compat.v1.test.compute_gradient(x, [2], y, [2], np.array([1.0, 2.0]))
        np.testing.assert_allclose(exact, [[2.0, 0.0], [0.0, 4.0]])
        np.testing.assert_allclose(numeric, exact, atol=1e-2)
        assert tf.compat.v1.test.compute_gradient_error(x, [2], y, [2]) < 1e-2
