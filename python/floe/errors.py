"""Error classes, with TensorFlow's names and codes."""

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


class OpError(Exception):
    """Base of the errors that ops and files raise."""

    def __init__(self, node_def, op, message, error_code, *args):
        super().__init__()
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = error_code
        self._experimental_payloads = args[0] if args else {}

    def __reduce__(self):
        if type(self) is OpError:
            return OpError, (self._node_def, self._op, self._message, self._error_code)
        return type(self), (self._node_def, self._op, self._message)

    @property
    def message(self):
        return self._message

    @property
    def op(self):
        return self._op

    @property
    def node_def(self):
        return self._node_def

    @property
    def error_code(self):
        return self._error_code

    @property
    def experimental_payloads(self):
        return self._experimental_payloads

    def __str__(self):
        return self._message


class OperatorNotAllowedInGraphError(TypeError):
    """An operator that needs a value was used on a symbolic tensor."""


_CLASSES = {}


def _define(name, code, doc):
    def init(self, node_def, op, message, *args):
        OpError.__init__(self, node_def, op, message, code, *args)

    cls = type(name, (OpError,), {"__init__": init, "__doc__": doc, "__module__": __name__})
    _CLASSES[code] = cls
    return cls


CancelledError = _define("CancelledError", CANCELLED, "The run was cancelled.")
UnknownError = _define("UnknownError", UNKNOWN, "An error without a better name.")
InvalidArgumentError = _define("InvalidArgumentError", INVALID_ARGUMENT, "A value or a shape does not fit.")
DeadlineExceededError = _define("DeadlineExceededError", DEADLINE_EXCEEDED, "It took too long.")
NotFoundError = _define("NotFoundError", NOT_FOUND, "A file, a node or an op does not exist.")
AlreadyExistsError = _define("AlreadyExistsError", ALREADY_EXISTS, "It exists already.")
PermissionDeniedError = _define("PermissionDeniedError", PERMISSION_DENIED, "The system does not allow it.")
UnauthenticatedError = _define("UnauthenticatedError", UNAUTHENTICATED, "Credentials are missing.")
ResourceExhaustedError = _define("ResourceExhaustedError", RESOURCE_EXHAUSTED, "Memory or space ran out.")
FailedPreconditionError = _define(
    "FailedPreconditionError", FAILED_PRECONDITION, "Something must come first."
)
AbortedError = _define("AbortedError", ABORTED, "The run was ended.")
OutOfRangeError = _define("OutOfRangeError", OUT_OF_RANGE, "Beyond the end.")
UnimplementedError = _define("UnimplementedError", UNIMPLEMENTED, "Floe cannot do this.")
InternalError = _define("InternalError", INTERNAL, "A bug of Floe's own.")
UnavailableError = _define("UnavailableError", UNAVAILABLE, "Not available now.")
DataLossError = _define("DataLossError", DATA_LOSS, "A damaged file.")


def _of_os_error(e, path):
    """The class that TensorFlow raises for an OSError."""
    import errno

    cls = {
        errno.ENOENT: NotFoundError,
        errno.EEXIST: AlreadyExistsError,
        errno.EACCES: PermissionDeniedError,
        errno.EPERM: PermissionDeniedError,
        errno.EISDIR: FailedPreconditionError,
        errno.ENOTDIR: FailedPreconditionError,
        errno.ENOTEMPTY: FailedPreconditionError,
        errno.ENOSPC: ResourceExhaustedError,
    }.get(e.errno, UnknownError)
    return cls(None, None, f"{path}; {e.strerror or e}")
