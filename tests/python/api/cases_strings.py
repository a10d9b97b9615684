"""Cases of tf.strings."""

import numpy as np

WORDS = [["Apple pie", " a b  c "], ["", "ÄÖ ü"]]

CASES = {
    "as_string": lambda tf: [
        tf.strings.as_string([1, -20]),
        tf.as_string(3.14159, precision=2),
        tf.strings.as_string([1.5, 2e10], scientific=True),
        tf.strings.as_string([1.5, 2e10], shortest=True),
        tf.strings.as_string([1, 22], width=4, fill="0"),
        tf.strings.as_string([True, False]),
        tf.strings.as_string(np.array([1 + 2j], np.complex64), precision=1),
    ],
    "format": lambda tf: [
        tf.strings.format("x {} y {}", (tf.constant([1, 2, 3, 4, 5, 6, 7, 8]), 3.5)),
        tf.strings.format("%t", tf.constant([[1.0, 2.0]]), placeholder="%t"),
        tf.strings.format("a {}", [tf.constant("text")]),
    ],
    "format_error": lambda tf: tf.strings.format("x {}", (1, 2)),
    "join": lambda tf: [
        tf.strings.join(["a", ["b", "c"]], separator="-"),
        tf.strings.join([["x", "y"], ["1", "2"]]),
        tf.compat.v1.string_join(["p", "q"]),
    ],
    "length": lambda tf: [tf.strings.length(WORDS), tf.strings.length(WORDS, unit="UTF8_CHAR")],
    "length_v1": lambda tf: tf.compat.v1.strings.length(["abc"], "name"),
    "length_error": lambda tf: tf.strings.length(3),
    "case": lambda tf: [
        tf.strings.lower(WORDS),
        tf.strings.upper(WORDS),
        tf.strings.upper(WORDS, encoding="utf-8"),
    ],
    "strip": lambda tf: tf.strings.strip(WORDS),
    "substr": lambda tf: [
        tf.strings.substr(["hello", "world"], 1, 3),
        tf.strings.substr(["hello", "world"], [0, -2], [2, 5]),
        tf.strings.substr("ÄÖÜ", 1, 1, unit="UTF8_CHAR"),
        tf.compat.v1.substr("hello", -3, 2),
    ],
    "substr_error": lambda tf: tf.strings.substr("hello", 9, 2),
    "reduce_join": lambda tf: [
        tf.strings.reduce_join(WORDS),
        tf.strings.reduce_join(WORDS, axis=0, separator="+"),
        tf.strings.reduce_join(WORDS, axis=[-1], keepdims=True),
        tf.compat.v1.reduce_join(WORDS, reduction_indices=1),
    ],
    "segment_join": lambda tf: tf.strings.unsorted_segment_join(["a", "b", "c"], [1, 0, 1], 3, separator="/"),
    "regex": lambda tf: [
        tf.strings.regex_full_match(["abc", "abd"], "ab[c-c]"),
        tf.strings.regex_full_match(["abc", "abd"], tf.constant("a.d")),
        tf.strings.regex_replace(["a1b22", "x"], "[0-9]+", "#"),
        tf.strings.regex_replace("a1b22", "([a-z])([0-9])", r"\2\1", replace_global=False),
        tf.strings.regex_replace("a1b22", tf.constant("b"), "c"),
    ],
    "regex_error": lambda tf: tf.strings.regex_full_match("a", "(a"),
    "hash": lambda tf: [
        tf.strings.to_hash_bucket_fast(["a", "b", ""], 100),
        tf.strings.to_hash_bucket_strong(["a", "b"], 1000, key=[1, 2]),
        tf.strings.to_hash_bucket(["a", "b"], 50),
        tf.compat.v1.string_to_hash_bucket(["a"], 50),
    ],
    "to_number": lambda tf: [
        tf.strings.to_number(["1.5", "-2e3", "inf"]),
        tf.strings.to_number("12", out_type=tf.int64),
        tf.compat.v1.string_to_number(["7"], tf.int32),
    ],
    "to_number_error": lambda tf: tf.strings.to_number("abc"),
    "split": lambda tf: [
        tf.strings.split("a  b c"),
        tf.strings.split(["a b", "", "c"]),
        tf.strings.split(["a,b,,c", "d"], sep=","),
        tf.strings.split(["a,b,c"], ",", maxsplit=1),
        tf.strings.split(WORDS),
    ],
    "split_v1": lambda tf: [
        tf.compat.v1.strings.split(["a b", "c"]),
        tf.compat.v1.strings.split("a b", result_type="RaggedTensor"),
        tf.compat.v1.string_split(["a;b,c", "d"], delimiter=";,"),
    ],
    "split_v1_error": lambda tf: tf.compat.v1.strings.split(["a"], result_type="list"),
    "bytes_split": lambda tf: [
        tf.strings.bytes_split("abc"),
        tf.strings.bytes_split(["ab", "", "cde"]),
        tf.strings.bytes_split(WORDS),
    ],
    "ngrams": lambda tf: [
        tf.strings.ngrams([["a", "b", "c"], ["d", "e", "f"]], 2),
        tf.strings.ngrams(["a", "b", "c"], (1, 2), separator="|"),
        tf.strings.ngrams(tf.ragged.constant([["a", "b", "c"], ["d"]]), 2, pad_values=("<", ">")),
        tf.strings.ngrams(tf.ragged.constant([["a", "b", "c"], ["d"]]), 3, preserve_short_sequences=True),
    ],
    "ngrams_error": lambda tf: tf.strings.ngrams(["a"], 0),
    "ngrams_pad_error": lambda tf: tf.strings.ngrams(["a"], 1, padding_width=2),
    "unicode_decode": lambda tf: [
        tf.strings.unicode_decode("aé", "UTF-8"),
        tf.strings.unicode_decode(["aé", "", "b"], "UTF-8"),
        tf.strings.unicode_decode_with_offsets(["aé€", "b"], "UTF-8"),
        tf.strings.unicode_decode([b"a\xffb"], "UTF-8", errors="ignore"),
        tf.strings.unicode_decode(WORDS, "UTF-8"),
    ],
    "unicode_decode_strict_error": lambda tf: tf.strings.unicode_decode(
        [b"a\xffb"], "UTF-8", errors="strict"
    ),
    "unicode_split": lambda tf: [
        tf.strings.unicode_split("aé€", "UTF-8"),
        tf.strings.unicode_split(["aé", "b"], "UTF-8"),
        tf.strings.unicode_split_with_offsets(["aé", "b"], "UTF-8"),
    ],
    "unicode_encode": lambda tf: [
        tf.strings.unicode_encode([97, 233], "UTF-8"),
        tf.strings.unicode_encode([[97, 98], [99, 8364]], "UTF-16-BE"),
        tf.strings.unicode_encode(tf.ragged.constant([[97], [98, 99]]), "UTF-8"),
    ],
    "unicode_script": lambda tf: tf.strings.unicode_script([ord("a"), ord("я"), 0x4E00]),
    "unicode_transcode": lambda tf: [
        tf.strings.unicode_transcode(["aé", b"x\xff"], "UTF-8", "UTF-16-BE"),
        tf.strings.unicode_transcode(b"x\xff", "UTF-8", "UTF-8", replacement_char=63),
    ],
}
