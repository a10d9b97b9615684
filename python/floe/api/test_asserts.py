"""Assertions on Python values that users' tests expect of tf.test.TestCase."""

import collections
import contextlib
import itertools
import os
import re
import unittest

from . import test_support


class Temporary:
    """A file or directory that lives as long as the tests."""

    def __init__(self, path):
        self.full_path = path

    def __fspath__(self):
        return self.full_path

    def create_file(self, file_path=None, content=None, mode="w", encoding="utf8", errors="strict"):
        """A file in the directory."""
        return _file(self.full_path, file_path, content, mode, encoding, errors)

    def mkdir(self, dir_path=None):
        """A directory in the directory."""
        path = os.path.join(self.full_path, dir_path or _free(self.full_path))
        os.makedirs(path, exist_ok=True)
        return Temporary(path)

    def read_text(self, encoding="utf8", errors="strict"):
        with open(self.full_path, encoding=encoding, errors=errors) as f:
            return f.read()

    def read_bytes(self):
        with open(self.full_path, "rb") as f:
            return f.read()

    def write_text(self, text, mode="w", encoding="utf8", errors="strict"):
        with open(self.full_path, mode, encoding=encoding, errors=errors) as f:
            f.write(text)

    def write_bytes(self, data, mode="wb"):
        with open(self.full_path, mode) as f:
            f.write(data)


def _free(directory):
    os.makedirs(directory, exist_ok=True)
    return f"tmp{len(os.listdir(directory))}"


def _file(directory, file_path, content, mode, encoding, errors):
    path = os.path.join(directory, file_path or _free(directory))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    binary = isinstance(content, bytes)
    with open(path, "wb" if binary else mode, encoding=None if binary else encoding) as f:
        if content:
            f.write(content)
    return Temporary(path)


class Asserts(unittest.TestCase):
    """unittest.TestCase with more assertions."""

    maxDiff = None
    longMessage = True

    def _say(self, standard, msg):
        self.fail(f"{standard} : {msg}" if msg else standard)

    def create_tempfile(
        self, file_path=None, content=None, mode="w", encoding="utf8", errors="strict", cleanup=None
    ):
        """A file of this test's own."""
        return _file(test_support.directory_for(self.id()), file_path, content, mode, encoding, errors)

    def create_tempdir(self, name=None, cleanup=None):
        """A directory of this test's own."""
        return Temporary(test_support.directory_for(self.id())).mkdir(name)

    def enter_context(self, manager):
        """Enters a context until the test is over."""
        if not hasattr(self, "_exits"):
            self._exits = contextlib.ExitStack()
            self.addCleanup(self._exits.close)
        return self._exits.enter_context(manager)

    def assertLen(self, container, expected_len, msg=None):
        if len(container) != expected_len:
            self._say(f"{container!r} has length of {len(container)}, expected {expected_len}.", msg)

    def assertEmpty(self, container, msg=None):
        if len(container):
            self._say(f"{container!r} has length of {len(container)}.", msg)

    def assertNotEmpty(self, container, msg=None):
        if not len(container):
            self._say(f"{container!r} has length of 0.", msg)

    def assertStartsWith(self, actual, expected_start, msg=None):
        if not actual.startswith(expected_start):
            self._say(f"{actual!r} does not start with {expected_start!r}", msg)

    def assertNotStartsWith(self, actual, unexpected_start, msg=None):
        if actual.startswith(unexpected_start):
            self._say(f"{actual!r} does start with {unexpected_start!r}", msg)

    def assertEndsWith(self, actual, expected_end, msg=None):
        if not actual.endswith(expected_end):
            self._say(f"{actual!r} does not end with {expected_end!r}", msg)

    def assertNotEndsWith(self, actual, unexpected_end, msg=None):
        if actual.endswith(unexpected_end):
            self._say(f"{actual!r} does end with {unexpected_end!r}", msg)

    def assertBetween(self, value, minv, maxv, msg=None):
        if not minv <= value <= maxv:
            self._say(f"{value!r} unexpectedly not between {minv!r} and {maxv!r}", msg)

    def assertSameElements(self, expected_seq, actual_seq, msg=None):
        if len(set(map(_key, expected_seq)) ^ set(map(_key, actual_seq))):
            self._say(f"Elements differ: {expected_seq!r} and {actual_seq!r}", msg)

    def assertItemsEqual(self, first, second, msg=None):
        self.assertCountEqual(first, second, msg)

    def assertContainsSubset(self, expected_subset, actual_set, msg=None):
        missing = [x for x in expected_subset if x not in actual_set]
        if missing:
            self._say(f"Missing elements {missing}\nExpected: {expected_subset}\nActual: {actual_set}", msg)

    def assertNoCommonElements(self, expected_seq, actual_seq, msg=None):
        common = [x for x in expected_seq if x in actual_seq]
        if common:
            self._say(f"Common elements {common}\nExpected: {expected_seq}\nActual: {actual_seq}", msg)

    def assertContainsInOrder(self, strings, target, msg=None):
        if isinstance(strings, str):
            strings = (strings,)
        at = 0
        for s in strings:
            found = target.find(s, at)
            if found < 0:
                self._say(f"Did not find '{s}' in '{target}' after position {at}", msg)
            at = found + len(s)

    def assertSequenceStartsWith(self, prefix, whole, msg=None):
        if list(whole)[: len(prefix)] != list(prefix):
            self._say(f"prefix: {prefix!r} not found at start of whole: {whole!r}.", msg)

    def assertSequenceAlmostEqual(self, expected_seq, actual_seq, places=None, msg=None, delta=None):
        if len(expected_seq) != len(actual_seq):
            self._say(f"Sequence size mismatch: {len(expected_seq)} vs {len(actual_seq)}", msg)
        for a, b in zip(expected_seq, actual_seq):
            self.assertAlmostEqual(a, b, places=places, msg=msg, delta=delta)

    def assertDictAlmostEqual(self, a, b, places=None, msg=None, delta=None):
        self.assertCountEqual(a, b, msg)
        for k in a:
            self.assertAlmostEqual(a[k], b[k], places=places, msg=msg, delta=delta)

    def assertMappingEqual(self, a, b, msg=None):
        self.assertDictEqual(dict(a), dict(b), msg)

    def assertIsSubclass(self, cls, superclass, msg=None):
        if not issubclass(cls, superclass):
            self._say(f"{cls!r} is not a subclass of {superclass!r}", msg)

    def assertNotIsSubclass(self, cls, superclass, msg=None):
        if issubclass(cls, superclass):
            self._say(f"{cls!r} is a subclass of {superclass!r}", msg)

    def assertRegexMatch(self, actual_str, regexes, message=None):
        if isinstance(regexes, (str, bytes)):
            self.fail("regexes is string or bytes; use assertRegex instead.")
        if not any(re.search(r, actual_str, re.MULTILINE) for r in regexes):
            self._say(f'"{actual_str}" does not contain any of {list(regexes)}', message)

    def assertSameStructure(self, a, b, aname="a", bname="b", msg=None):
        if a != b:
            self._say(f"{aname} and {bname} differ: {a!r}, {b!r}", msg)

    def assertTotallyOrdered(self, *groups, **kwargs):
        """Every element is below those of later groups and equal to those of its own."""
        for (i, low), (k, high) in itertools.combinations_with_replacement(list(enumerate(groups)), 2):
            for a, b in itertools.product(low, high):
                self.assertEqual(a < b, i < k, f"{a!r} < {b!r}")
                self.assertEqual(a == b, i == k, f"{a!r} == {b!r}")

    def assertRaisesWithLiteralMatch(
        self, expected_exception, expected_exception_message, callable_obj=None, *args, **kwargs
    ):
        pattern = re.compile(re.escape(expected_exception_message) + r"\Z")
        return self.assertRaisesRegex(
            expected_exception, pattern, *([callable_obj] if callable_obj else []), *args, **kwargs
        )


def _key(x):
    if isinstance(x, collections.abc.Hashable):
        return x
    return repr(x)
