import pytest

import floe as tf

gfile = tf.io.gfile


def test_write_and_read(tmp_path):
    path = str(tmp_path / "a.txt")
    with gfile.GFile(path, "w") as f:
        f.write("one\ntwo\n")
        f.write(b"three")
    with gfile.GFile(path) as f:
        assert f.readline() == "one\n" and f.tell() == 4
        assert list(f) == ["two\n", "three"]
        f.seek(4)
        assert f.read(3) == "two" and f.size() == 13
        f.seek(-5, 2)
        assert f.read() == "three"
    with gfile.GFile(path, "ab") as f:
        f.write(b"!")
    assert gfile.GFile(path, "rb").readlines() == [b"one\n", b"two\n", b"three!"]
    assert gfile.GFile(path, "rb").name == path


def test_folders(tmp_path):
    top = tmp_path / "x" / "y"
    gfile.makedirs(top)
    gfile.makedirs(top)
    gfile.mkdir(top)
    (top / "f.txt").write_text("1")
    assert gfile.isdir(top) and gfile.exists(top / "f.txt") and not gfile.exists(top / "g")
    assert gfile.listdir(top) == ["f.txt"] and gfile.glob(str(top / "*.txt")) == [str(top / "f.txt")]
    gfile.copy(top / "f.txt", top / "g.txt")
    with pytest.raises(tf.errors.AlreadyExistsError):
        gfile.copy(top / "f.txt", top / "g.txt")
    gfile.copy(top / "f.txt", top / "g.txt", overwrite=True)
    gfile.rename(top / "g.txt", top / "h.txt")
    assert gfile.stat(top / "h.txt").length == 1 and gfile.stat(top).is_directory
    assert [(d, sorted(n)) for _, d, n in gfile.walk(str(tmp_path / "x"))] == [
        (["y"], []),
        ([], ["f.txt", "h.txt"]),
    ]
    gfile.remove(top / "h.txt")
    gfile.rmtree(tmp_path / "x")
    assert not gfile.exists(top) and gfile.join("a", "b") == "a/b"


def test_errors(tmp_path):
    gone = str(tmp_path / "gone")
    with pytest.raises(tf.errors.NotFoundError, match="gone; No such file or directory"):
        gfile.GFile(gone, "rb").read()
    with pytest.raises(tf.errors.FailedPreconditionError, match="Is a directory"):
        gfile.GFile(str(tmp_path), "rb").read()
    with pytest.raises(tf.errors.NotFoundError, match="Could not find directory"):
        gfile.listdir(gone)
    for call in (gfile.remove, gfile.rmtree, gfile.stat):
        with pytest.raises(tf.errors.NotFoundError):
            call(gone)
    with pytest.raises(tf.errors.NotFoundError):
        gfile.rename(gone, gone + "2")
    with pytest.raises(tf.errors.InvalidArgumentError, match="mode is not 'r' or 'w' or 'a'"):
        gfile.GFile(gone, "x")
    with pytest.raises(tf.errors.PermissionDeniedError, match="File isn't open for writing"):
        gfile.GFile(gone, "r").write("a")
    with pytest.raises(tf.errors.PermissionDeniedError, match="File isn't open for reading"):
        gfile.GFile(gone, "w").read()


def test_v1_names(tmp_path):
    v1 = tf.compat.v1.gfile
    with v1.FastGFile(str(tmp_path / "a"), "w") as f:
        f.write("x")
    assert v1.Exists(tmp_path / "a") and v1.ListDirectory(tmp_path) == ["a"] and v1.Glob(str(tmp_path / "*"))
    assert v1.Open is v1.GFile is v1.FastGFile
