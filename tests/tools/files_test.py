"""What the floe command makes of files: good, wrong and damaged ones."""

import os
import pathlib
import struct
import zipfile

from command import (
    BAD_INPUT,
    CANNOT_WRITE,
    DIGITS,
    FLOAT_X,
    NO_FILE,
    PICTURE,
    UNSUPPORTED,
    CommandTest,
    main,
    node,
)


def npy(descr, shape, data):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


class WrongFiles(CommandTest):
    verbs = (("run", "--random"), ("inspect",), ("bench",), ("explain",))

    def refused(self, path, code, says):
        for verb, *more in self.verbs:
            self.floe(verb, path, *more, code=code, says=says)

    def test_missing(self):
        self.refused(self.dir / "none.pb", NO_FILE, ("none.pb", "no such file"))

    def test_missing_with_a_neighbour(self):
        self.file("model.pb", FLOAT_X)
        self.refused(self.dir / "modle.pb", NO_FILE, "model.pb")

    def test_folder(self):
        self.file("model.pb", FLOAT_X)
        self.refused(self.dir, BAD_INPUT, ("is a folder", "model.pb"))

    def test_saved_model_folder(self):
        self.file("saved_model.pb", b"\x08\x01")
        self.refused(self.dir, BAD_INPUT, ("SavedModel folder", "Freeze"))

    def test_keras_file(self):
        path = self.dir / "m.keras"
        with zipfile.ZipFile(path, "w") as z:
            z.writestr("metadata.json", "{}")
            z.writestr("config.json", "{}")
            z.writestr("model.weights.h5", "weights")
        self.refused(path, BAD_INPUT, (".keras model",))

    def test_empty(self):
        self.refused(self.file("m.pb", b""), BAD_INPUT, "is empty")

    def test_truncated(self):
        whole = pathlib.Path(DIGITS).read_bytes()
        for size in (1, 10, 1000, len(whole) // 2, len(whole) - 1):
            with self.subTest(size=size):
                self.refused(self.file("m.pb", whole[:size]), BAD_INPUT, "m.pb")

    def test_noise(self):
        self.refused(self.file("m.pb", bytes((i * 197 + 31) % 251 for i in range(4096))), BAD_INPUT, "m.pb")

    def test_no_permission(self):
        path = self.file("m.pb", FLOAT_X)
        os.chmod(path, 0)
        if not os.access(path, os.R_OK):
            self.refused(path, NO_FILE, "m.pb")

    def test_unknown_ops_all_at_once(self):
        path = self.file(
            "m.pbtxt",
            "\n".join(
                [FLOAT_X, node("a", "Frobnicate", "x"), node("b", "Frobnicate", "a"), node("c", "Reluu", "b")]
            ),
        )
        words = ("2 ops are", "Frobnicate (2 nodes: a, b)", "Reluu (1 node: c)", "Did you mean 'Relu'")
        for verb, *more in (("run", "--random"), ("bench",), ("explain",)):
            self.floe(verb, path, *more, code=UNSUPPORTED, says=words)

    def test_damaged_text(self):
        path = self.file("m.pbtxt", FLOAT_X + '\nnode { name: "y" op: ')
        self.refused(path, BAD_INPUT, ("m.pbtxt:2:",))


class Forms(CommandTest):
    text = "\n".join([FLOAT_X, node("y", "Neg", "x")])

    def test_text_whatever_its_name(self):
        for name in ("m.pbtxt", "m.pb", "m"):
            out = self.floe("run", self.file(name, self.text), "--random", "--shape", "2")
            self.assertIn("y:0  float32 [2]", out)

    def test_binary_whatever_its_name(self):
        whole = pathlib.Path(DIGITS).read_bytes()
        for name in ("m.pbtxt", "m"):
            self.assertIn("Identity:0", self.floe("run", self.file(name, whole), "--random"))

    def test_a_name_that_looks_like_an_option(self):
        self.file("-m.pb", self.text)
        self.assertIn("y:0", self.floe("run", "./-m.pb", "--random", "--shape", "2", cwd=self.dir))


class Inputs(CommandTest):
    def test_npy(self):
        path = self.file("x.npy", npy("<f4", "(2, 8, 8, 1)", bytes(4 * 128)))
        self.assertIn("[2,10]", self.floe("run", DIGITS, "--input", path))

    def test_one_sample_and_other_types(self):
        path = self.file("x.npy", npy("|u1", "(8, 8, 1)", bytes(64)))
        self.assertIn("[1,10]", self.floe("run", DIGITS, "--input", path))

    def test_nan_goes_through(self):
        model = self.file("m.pbtxt", "\n".join([FLOAT_X, node("y", "Relu", "x")]))
        path = self.file("x.npy", npy("<f4", "(2,)", struct.pack("<ff", float("nan"), -1)))
        self.assertIn("[nan 0.]", self.floe("run", model, "--input", path))

    def test_types_that_do_not_fit(self):
        for descr, data in (("<c8", bytes(8 * 64)), ("<U1", bytes(4 * 64)), ("<M8[s]", bytes(8 * 64))):
            path = self.file("x.npy", npy(descr, "(1, 8, 8, 1)", data))
            self.floe("run", DIGITS, "--input", path, code=BAD_INPUT, says="x.npy")
        path = self.file("x.npy", npy("<c8", "(1, 8, 8, 1)", bytes(8 * 64)))
        self.floe("run", DIGITS, "--input", path, code=BAD_INPUT, says=("complex64", "'x:0' is float32"))
        ints = "\n".join([FLOAT_X, node("y", "Neg", "x")]).replace("DT_FLOAT", "DT_INT32")
        model = self.file("m.pbtxt", ints)
        whole = self.file("x.npy", npy("<f8", "(2,)", struct.pack("<dd", 3, -4)))
        self.assertIn("[-3 4]", self.floe("run", model, "--input", whole))
        for value in (1.5, float("nan"), 1e300):
            path = self.file("x.npy", npy("<f8", "(2,)", struct.pack("<dd", 1, value)))
            says = ("x.npy", "holds float64", "'x:0' is int32", "cannot hold all of its values")
            self.floe("run", model, "--input", path, code=BAD_INPUT, says=says)
        words = self.file("m.pbtxt", ints.replace("DT_INT32", "DT_STRING").replace("Neg", "Identity"))
        self.floe("run", words, "--input", whole, code=BAD_INPUT, says=("x.npy", "float64", "is string"))

    def test_picture_as_model_and_model_as_input(self):
        self.floe("run", PICTURE, "--random", code=BAD_INPUT, says="is a picture")
        self.floe("run", DIGITS, "--input", DIGITS, code=BAD_INPUT, says=("neither", ".npy"))
        self.floe("run", DIGITS, "--input", self.dir, code=BAD_INPUT, says="is a folder")

    def test_wrong_shape(self):
        path = self.file("x.npy", npy("<f4", "(3, 3)", bytes(36)))
        self.floe("run", DIGITS, "--input", path, code=BAD_INPUT, says=("x.npy", "(3, 3)", "(None, 8, 8, 1)"))

    def test_damaged_npy(self):
        whole = npy("<f4", "(1, 8, 8, 1)", bytes(256))
        for data in (
            whole[:8],
            whole[:60],
            whole[:-1],
            npy("<f4", "(99999999, 99999999)", b""),
            npy("|O", "(1,)", b""),
        ):
            self.floe("run", DIGITS, "--input", self.file("x.npy", data), code=BAD_INPUT, says="x.npy")

    def test_damaged_picture(self):
        data = PICTURE.read_bytes()
        for size in (8, 40, len(data) // 2):
            self.floe("run", DIGITS, "--input", self.file("p.png", data[:size]), code=BAD_INPUT, says="p.png")

    def test_neither(self):
        self.floe(
            "run", DIGITS, "--input", self.file("x.csv", "1,2,3"), code=BAD_INPUT, says=("x.csv", ".npy")
        )

    def test_missing(self):
        self.floe("run", DIGITS, "--input", "none.png", code=NO_FILE, says="none.png")


class Saving(CommandTest):
    def test_saves(self):
        to = self.dir / "y.npy"
        self.floe("run", DIGITS, "--random", "--save", to)
        self.assertEqual(to.read_bytes()[:6], b"\x93NUMPY")
        self.assertEqual(to.stat().st_size, 128 + 40)

    def test_nowhere_to_write(self):
        self.floe("run", DIGITS, "--random", "--save", "/none/y.npy", code=CANNOT_WRITE, says="/none/y.npy")
        self.floe("run", DIGITS, "--random", "--save", self.dir, code=CANNOT_WRITE, says=str(self.dir))

    def test_nothing_half_written(self):
        self.floe("run", DIGITS, "--random", "--save", self.dir, code=CANNOT_WRITE)
        self.assertEqual(list(self.dir.iterdir()), [])


if __name__ == "__main__":
    main()
