"""Files, with the names of tf.io.gfile."""

import glob as _glob
import os as _os
import shutil as _shutil

from . import errors as _errors

_MODES = ("r", "w", "a", "r+", "w+", "a+")


def _path(p):
    return _os.fspath(p)


class _Translated:
    """OSErrors inside of the block become TensorFlow's errors."""

    def __init__(self, path):
        self._path = path

    def __enter__(self):
        return self

    def __exit__(self, kind, e, trace):
        if isinstance(e, OSError):
            raise _errors._of_os_error(e, e.filename or self._path) from None


class GFile:
    """A file that is opened at its first use."""

    def __init__(self, name, mode="r"):
        self._name = _path(name)
        self._mode = mode
        self._binary = "b" in mode
        plain = mode.replace("b", "")
        if plain not in _MODES:
            raise _errors.InvalidArgumentError(
                None, None, "mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+'"
            )
        self._plain = plain
        self._file = None

    @property
    def name(self):
        return self._name

    @property
    def mode(self):
        return self._mode

    def _open(self):
        if self._file is None:
            with _Translated(self._name):
                text = {} if self._binary else {"encoding": "utf-8", "newline": ""}
                self._file = open(self._name, self._plain + ("b" if self._binary else ""), **text)  # noqa: SIM115
        return self._file

    def _reader(self):
        if self._plain in ("w", "a"):
            raise _errors.PermissionDeniedError(None, None, "File isn't open for reading")
        return self._open()

    def _writer(self):
        if self._plain == "r":
            raise _errors.PermissionDeniedError(None, None, "File isn't open for writing")
        return self._open()

    def size(self):
        return stat(self._name).length

    def write(self, file_content):
        f = self._writer()
        if self._binary and isinstance(file_content, str):
            file_content = file_content.encode()
        elif not self._binary and isinstance(file_content, bytes):
            file_content = file_content.decode()
        with _Translated(self._name):
            f.write(file_content)

    def read(self, n=-1):
        f = self._reader()
        with _Translated(self._name):
            return f.read(-1 if n is None else n)

    def readline(self):
        return self._reader().readline()

    def readlines(self):
        return self._reader().readlines()

    def seek(self, offset=None, whence=0, position=None):
        if position is not None:
            offset = position
        if offset is None:
            raise TypeError("seek(): offset argument required")
        if whence not in (0, 1, 2):
            raise _errors.InvalidArgumentError(None, None, f"Invalid whence argument: {whence}.")
        if whence == 1:
            offset, whence = self._reader().tell() + offset, 0
        elif whence == 2:
            offset, whence = self.size() + offset, 0
        self._reader().seek(offset, whence)

    def seekable(self):
        return True

    def tell(self):
        return self._open().tell()

    def flush(self):
        if self._file is not None:
            self._file.flush()

    def close(self):
        if self._file is not None:
            self._file.close()
            self._file = None
        elif self._plain in ("w", "w+"):
            self._open().close()
            self._file = None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    next = __next__

    def __del__(self):
        if getattr(self, "_file", None) is not None:
            self._file.close()


class FileStatistics:
    """Length in bytes, time of the last change in nanoseconds, and whether it is a folder."""

    def __init__(self, length, mtime_nsec, is_directory):
        self.length = length
        self.mtime_nsec = mtime_nsec
        self.is_directory = is_directory


def exists(path):
    return _os.path.exists(_path(path))


def isdir(path):
    return _os.path.isdir(_path(path))


def listdir(path):
    if not isdir(path):
        raise _errors.NotFoundError(None, None, f"Could not find directory {_path(path)}")
    with _Translated(_path(path)):
        return _os.listdir(_path(path))


def glob(pattern):
    patterns = [pattern] if isinstance(pattern, (str, bytes, _os.PathLike)) else pattern
    return [match for p in patterns for match in sorted(_glob.glob(_path(p)))]


def mkdir(path):
    if isdir(path):
        return
    with _Translated(_path(path)):
        _os.mkdir(_path(path))


def makedirs(path):
    with _Translated(_path(path)):
        _os.makedirs(_path(path), exist_ok=True)


def remove(path):
    with _Translated(_path(path)):
        _os.remove(_path(path))


def rmtree(path):
    if not exists(path):
        raise _errors.NotFoundError(None, None, f"{_path(path)} not found")
    with _Translated(_path(path)):
        _shutil.rmtree(_path(path))


def _check_target(dst, overwrite):
    if not overwrite and exists(dst):
        raise _errors.AlreadyExistsError(None, None, f"{_path(dst)}; file already exists")


def copy(src, dst, overwrite=False):
    with _Translated(_path(src)):
        if exists(src):
            _check_target(dst, overwrite)
        _shutil.copyfile(_path(src), _path(dst))


def rename(src, dst, overwrite=False):
    with _Translated(_path(src)):
        if exists(src):
            _check_target(dst, overwrite)
        _os.replace(_path(src), _path(dst))


def stat(path):
    with _Translated(_path(path)):
        s = _os.stat(_path(path))
    return FileStatistics(s.st_size, s.st_mtime_ns, isdir(path))


def walk(top, topdown=True, onerror=None):
    yield from _os.walk(_path(top), topdown, onerror)


def join(path, *paths):
    return _os.path.join(_path(path), *map(_path, paths))


def get_registered_schemes():
    return [""]
