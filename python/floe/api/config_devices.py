"""tf.config: the devices of this machine. Floe computes on one CPU device."""

import collections

from .. import _floe
from ..errors import InvalidArgumentError
from ..export import export
from .config_device_spec import DeviceSpec

_LOCAL = "/job:localhost/replica:0/task:0/device:"
_soft_placement = [True]


@export("config.PhysicalDevice")
class PhysicalDevice(collections.namedtuple("PhysicalDevice", ["name", "device_type"])):
    """A device as the machine has it."""


@export("config.LogicalDevice")
class LogicalDevice(collections.namedtuple("LogicalDevice", ["name", "device_type"])):
    """A device as programs address it."""


@export("config.LogicalDeviceConfiguration", "config.experimental.VirtualDeviceConfiguration")
class LogicalDeviceConfiguration(
    collections.namedtuple(
        "LogicalDeviceConfiguration",
        ["memory_limit", "experimental_priority", "experimental_device_ordinal"],
        defaults=(None, None, None),
    )
):
    """How a physical device is divided."""


_CPU = PhysicalDevice("/physical_device:CPU:0", "CPU")
_visible = [_CPU]
_configurations = {}


def _of_type(devices, device_type):
    return [d for d in devices if device_type is None or d.device_type == device_type]


@export("config.list_physical_devices", "config.experimental.list_physical_devices")
def list_physical_devices(device_type=None):
    """The devices of the machine: one CPU."""
    return _of_type([_CPU], device_type)


@export("config.list_logical_devices", "config.experimental.list_logical_devices")
def list_logical_devices(device_type=None):
    """The devices that programs can name."""
    return _of_type([LogicalDevice("/device:CPU:0", "CPU")], device_type)


@export("config.get_visible_devices", "config.experimental.get_visible_devices")
def get_visible_devices(device_type=None):
    """The devices that are used."""
    return _of_type(_visible, device_type)


def _known(device):
    if device not in (_CPU,):
        raise ValueError(f"Unrecognized device: {device!r}. The devices are {[_CPU]}.")


@export("config.set_visible_devices", "config.experimental.set_visible_devices")
def set_visible_devices(devices, device_type=None):
    """Chooses the devices that are used (of one type). The CPU is always one of them."""
    if not isinstance(devices, list):
        devices = [devices]
    for d in devices:
        _known(d)
        if device_type is not None and d.device_type != device_type:
            raise ValueError(f"Unrecognized device: {d!r} is not of the type {device_type!r}.")
    if device_type in (None, "CPU") and _CPU not in devices:
        raise RuntimeError(
            "Visible devices cannot be modified after being initialized: the CPU is Floe's only device and stays visible."
        )


@export("config.get_logical_device_configuration", "config.experimental.get_virtual_device_configuration")
def get_logical_device_configuration(device):
    """How a device was divided, or None."""
    _known(device)
    return _configurations.get(device)


@export("config.set_logical_device_configuration", "config.experimental.set_virtual_device_configuration")
def set_logical_device_configuration(device, logical_devices):
    """Divides a device; Floe has one CPU device, which stays whole."""
    _known(device)
    if len(logical_devices) != 1:
        raise RuntimeError(
            "Virtual devices cannot be modified after being initialized: Floe has one CPU device, which cannot be divided "
            f"into {len(logical_devices)}."
        )
    if any(x is not None for x in logical_devices[0]):
        raise ValueError("Setting memory limit on CPU virtual devices is currently not supported")
    _configurations[device] = list(logical_devices)


@export("config.get_soft_device_placement")
def get_soft_device_placement():
    """Whether operations for devices that are not there run on the CPU."""
    return _soft_placement[0]


@export("config.set_soft_device_placement")
def set_soft_device_placement(enabled):
    """True: operations for devices that are not there run on the CPU. False: naming such a device is an error."""
    _soft_placement[0] = bool(enabled)


def device_text(device):
    """The name of a device that is given as a string, a DeviceSpec, a logical device or None."""
    if device is None:
        return ""
    if isinstance(device, DeviceSpec):
        return device.to_string()
    if isinstance(device, LogicalDevice):
        return device.name
    if not isinstance(device, str):
        raise ValueError(f"Expecting a string device name. Got {type(device)}({device})")
    return device


def check_device(device):
    """The canonical name of a device; raises for what is no name, and for devices that eager operations cannot have."""
    spec = DeviceSpec.from_string(device_text(device))
    if _floe.recording():
        return spec.to_string()
    full = DeviceSpec("localhost", 0, 0).make_merged_spec(spec)
    if (full.job, full.replica, full.task) != ("localhost", 0, 0):
        raise InvalidArgumentError(None, None, f"{full.to_string()} unknown device. There is {_LOCAL}CPU:0.")
    if full.device_index is not None and full.device_index < 0:
        raise InvalidArgumentError(None, None, f"Malformed device specification '{full.to_string()}'.")
    if not _soft_placement[0] and (
        full.device_type not in (None, "CPU") or full.device_index not in (None, 0)
    ):
        raise InvalidArgumentError(
            None,
            None,
            f"Could not satisfy device specification '{full.to_string()}'. enable_soft_placement=0. Supported device types "
            f"[CPU]. All available devices [{_LOCAL}CPU:0].",
        )
    return spec.to_string()
