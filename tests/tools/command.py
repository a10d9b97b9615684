"""Running the floe command, and small graphs to run it on."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

FLOE, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
ASSETS = SOURCE / "assets"
DIGITS = str(ASSETS / "digits.pb")
PICTURE = sorted((ASSETS / "digits").glob("*.png"))[0]

OK, UNSUPPORTED, USAGE, BAD_INPUT, NO_FILE, CANNOT_WRITE, INTERRUPTED = 0, 3, 64, 65, 66, 74, 130

FLOAT_X = 'node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }'


def node(name, op, *inputs):
    """One node on float32 in text form."""
    lines = "".join(f' input: "{i}"' for i in inputs)
    return f'node {{ name: "{name}" op: "{op}"{lines} attr {{ key: "T" value {{ type: DT_FLOAT }} }} }}'


def constant(name, dtype, value, field):
    """A scalar Const in text form; `field` is where a TensorProto keeps the value, e.g. "float_val"."""
    return (
        f'node {{ name: "{name}" op: "Const" attr {{ key: "dtype" value {{ type: {dtype} }} }}'
        f' attr {{ key: "value" value {{ tensor {{ dtype: {dtype} tensor_shape {{ }} {field}: {value} }} }} }} }}'
    )


def endless():
    """A graph whose one loop never ends."""
    return "\n".join(
        [
            FLOAT_X,
            'library { function { signature { name: "always" input_arg { name: "a" type: DT_FLOAT }'
            ' output_arg { name: "r" type: DT_BOOL } }',
            constant("t", "DT_BOOL", "true", "bool_val").replace("node {", "node_def {", 1),
            'ret { key: "r" value: "t:output:0" } }',
            'function { signature { name: "same" input_arg { name: "a" type: DT_FLOAT }'
            ' output_arg { name: "r" type: DT_FLOAT } } ret { key: "r" value: "a" } } }',
            'node { name: "y" op: "While" input: "x" attr { key: "T" value { list { type: DT_FLOAT } } }'
            ' attr { key: "cond" value { func { name: "always" } } }'
            ' attr { key: "body" value { func { name: "same" } } } }',
        ]
    )


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="floe-tools-"))
        self.addCleanup(shutil.rmtree, self.dir)

    def file(self, name, content):
        path = self.dir / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def floe(self, *args, code=OK, says=(), cwd=None):
        """Runs the command; standard output. Checks the exit code, the words of the error and where they went."""
        done = subprocess.run([FLOE, *map(str, args)], capture_output=True, text=True, timeout=120, cwd=cwd)
        self.assertEqual(done.returncode, code, f"{args}\n{done.stdout}\n{done.stderr}")
        if code == OK:
            self.assertEqual(done.stderr, "")
        else:
            self.assertEqual(done.stdout, "")
            self.assertTrue(done.stderr.startswith("floe: "), done.stderr)
            for word in [says] if isinstance(says, str) else says:
                self.assertIn(word, done.stderr)
        return done.stdout


def main():
    unittest.main(argv=sys.argv[:1])
