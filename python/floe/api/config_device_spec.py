"""tf.DeviceSpec: names of devices, taken apart."""

from ..export import export

_TYPES = ("CPU", "GPU", "TPU")
_PARTS = ("job", "replica", "task", "device_type", "device_index")


def _add(parts, key, value, spec):
    if key == "device_type" and "device_type" in parts:
        raise ValueError(f"Multiple device types are not allowed while parsing the device spec: {spec}.")
    parts[key] = value


def parse(spec):
    """The parts of "/job:a/replica:0/task:1/device:CPU:0" or "cpu:0" as a dict."""
    parts = {}
    for piece in spec.split("/"):
        fields = piece.split(":")
        head, rest = fields[0], fields[1:]
        if not piece:
            continue
        if head == "job" and len(rest) == 1:
            _add(parts, "job", rest[0], spec)
        elif head in ("replica", "task") and len(rest) == 1:
            _add(parts, head, int(rest[0]), spec)
        elif head == "device" and len(rest) in (1, 2):
            _add(parts, "device_type", rest[0].upper() if rest[0].upper() in _TYPES else rest[0], spec)
            if len(rest) == 2 and rest[1] != "*":
                parts["device_index"] = int(rest[1])
        elif head.upper() in _TYPES and len(rest) <= 1:
            _add(parts, "device_type", head.upper(), spec)
            if rest and rest[0] != "*":
                parts["device_index"] = int(rest[0])
        else:
            raise ValueError(
                f"Unknown attribute '{head}' is encountered while parsing the device spec: '{spec}'. Expected names "
                "like '/CPU:0', 'cpu:0' or '/job:localhost/replica:0/task:0/device:CPU:0'."
            )
    return parts


@export("DeviceSpec")
class DeviceSpec:
    """The name of a device in parts; those that are None are open."""

    __slots__ = ("_parts",)

    def __init__(self, job=None, replica=None, task=None, device_type=None, device_index=None):
        self._parts = (
            None if job is None else str(job),
            None if replica is None else int(replica),
            None if task is None else int(task),
            None if device_type is None else str(device_type),
            None if device_index is None else int(device_index),
        )

    job = property(lambda self: self._parts[0])
    replica = property(lambda self: self._parts[1])
    task = property(lambda self: self._parts[2])
    device_type = property(lambda self: self._parts[3])
    device_index = property(lambda self: self._parts[4])

    @classmethod
    def from_string(cls, spec):
        return cls(**parse(spec))

    def parse_from_string(self, spec):
        """The spec that a string names."""
        return type(self).from_string(spec)

    def to_string(self):
        job, replica, task, kind, index = self._parts
        text = "" if job is None else f"/job:{job}"
        text += "" if replica is None else f"/replica:{replica}"
        text += "" if task is None else f"/task:{task}"
        if kind is not None:
            text += f"/device:{kind}:{'*' if index is None else index}"
        return text

    def make_merged_spec(self, dev):
        """A spec with the parts of `dev`, and this one's where `dev` leaves them open."""
        merged = dict(zip(_PARTS, self._parts))
        merged.update({k: v for k, v in zip(_PARTS, dev._parts) if v is not None})
        return type(self)(**merged)

    def replace(self, **kwargs):
        """A spec with some parts replaced."""
        return type(self)(**{**dict(zip(_PARTS, self._parts)), **kwargs})

    def __eq__(self, other):
        return isinstance(other, DeviceSpec) and self._parts == other._parts

    def __hash__(self):
        return hash(self._parts)

    def __str__(self):
        found = [f"{k}={v}" for k, v in zip(_PARTS, self._parts) if v is not None]
        return f"<DeviceSpec({', '.join(found)})>"

    __repr__ = __str__


@export("compat.v1.DeviceSpec")
class DeviceSpecV1(DeviceSpec):
    """A DeviceSpec that can be changed."""

    __hash__ = DeviceSpec.__hash__

    def parse_from_string(self, spec):
        """Takes the parts that a string names."""
        self._parts = DeviceSpec(**parse(spec))._parts
        return self

    def merge_from(self, dev):
        """Takes the parts of `dev` that are set."""
        self._parts = self.make_merged_spec(dev)._parts
