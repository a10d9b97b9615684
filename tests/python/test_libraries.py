"""Other packages' copies of the libraries that Floe uses do not get in its way."""

import os
import shutil
import subprocess
import sys

import pytest

# What a library that everybody sees may hold: functions of the names that ours call, which end the process.
IMPOSTORS = [
    "dnnl_engine_create",
    "dnnl_primitive_create",
    "dnnl_primitive_execute",
    "jpeg_std_error",
    "png_create_read_struct",
    "png_create_write_struct",
    "_ZN3re23RE2D1Ev",
]

PROGRAM = """
import ctypes, sys
ctypes.CDLL(sys.argv[1], ctypes.RTLD_GLOBAL)
import numpy as np
import floe as tf
r = tf.raw_ops
png = r.EncodePng(image=np.zeros([3, 2, 1], np.uint8))
assert r.DecodePng(contents=png).shape == [3, 2, 1]
assert r.EncodeJpeg(image=np.zeros([8, 8, 3], np.uint8)).numpy()[:2] == b"\\xff\\xd8"
assert r.StaticRegexReplace(input=["abc"], pattern="b+", rewrite="x").numpy()[0] == b"axc"
x = np.ones([1, 9, 9, 16], np.float32)
r.Conv2D(input=x, filter=np.ones([3, 3, 16, 32], np.float32), strides=[1, 1, 1, 1], padding="SAME")
print("fine")
"""


@pytest.mark.skipif(not hasattr(os, "RTLD_DEEPBIND"), reason="no RTLD_DEEPBIND here")
@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="the address sanitizer is in the way")
@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")
def test_other_copies_are_not_used(tmp_path):
    source, library = tmp_path / "other.c", tmp_path / "libother.so"
    source.write_text(
        "#include <stdlib.h>\n" + "".join(f"void {name}(void) {{ _Exit(3); }}\n" for name in IMPOSTORS)
    )
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    done = subprocess.run([sys.executable, "-c", PROGRAM, library], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr
