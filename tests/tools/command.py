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
