"""Devices, and what tf.config says of them."""

import pytest

import floe as tf

CPU = "/job:localhost/replica:0/task:0/device:CPU:0"


@pytest.mark.parametrize(
    "name",
    [
        "/CPU:0",
        "cpu:0",
        "CPU",
        CPU,
        "/device:CPU:0",
        "/GPU:0",
        "/cpu:1",
        "",
        None,
        "/device:cpu:*",
        "/task:0",
    ],
)
def test_names_that_devices_have(name):
    with tf.device(name):
        assert (tf.constant(1.0) + 1).device == CPU


@pytest.mark.parametrize(
    "name, error, text",
    [
        ("foo", ValueError, "^Unknown attribute 'foo' is encountered while parsing the device spec: 'foo'"),
        ("/gpu:x", ValueError, "invalid literal for int"),
        (3, ValueError, "Expecting a string device name. Got <class 'int'>"),
        ("/cpu:0/gpu:0", ValueError, "Multiple device types are not allowed"),
        ("/job:worker/task:3/cpu:0", tf.errors.InvalidArgumentError, "unknown device"),
        ("/CPU:-1", tf.errors.InvalidArgumentError, "Malformed device specification"),
    ],
)
def test_names_that_are_none(name, error, text):
    with pytest.raises(error, match=text), tf.device(name):
        pass


def test_hard_placement_needs_the_device():
    tf.config.set_soft_device_placement(False)
    try:
        with (
            pytest.raises(tf.errors.InvalidArgumentError, match="Could not satisfy device spec"),
            tf.device("GPU:0"),
        ):
            pass
        with tf.device("CPU:0"):
            pass
    finally:
        tf.config.set_soft_device_placement(True)


def test_devices():
    (cpu,) = tf.config.list_physical_devices()
    assert repr(cpu) == "PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')"
    assert (
        repr(tf.config.list_logical_devices()) == "[LogicalDevice(name='/device:CPU:0', device_type='CPU')]"
    )
    assert tf.config.experimental.list_physical_devices("GPU") == []
    assert tf.config.get_visible_devices("CPU") == [cpu]
    tf.config.set_visible_devices([], "GPU")
    with pytest.raises(ValueError, match="Unrecognized device: 'x'"):
        tf.config.set_visible_devices("x")
    with pytest.raises(RuntimeError, match="Visible devices cannot be modified"):
        tf.config.set_visible_devices([], "CPU")
    with pytest.raises(ValueError, match="Cannot set memory growth on non-GPU"):
        tf.config.experimental.set_memory_growth(cpu, True)


def test_specs():
    spec = tf.DeviceSpec.from_string("/job:a/replica:1/task:2/cpu:3")
    assert spec.to_string() == "/job:a/replica:1/task:2/device:CPU:3"
    assert repr(spec) == "<DeviceSpec(job=a, replica=1, task=2, device_type=CPU, device_index=3)>"
    merged = spec.make_merged_spec(tf.DeviceSpec(job="q", device_type="GPU"))
    assert merged.to_string() == "/job:q/replica:1/task:2/device:GPU:3"
    assert spec.replace(job="z").job == "z"


def test_what_was_built():
    assert not tf.test.is_built_with_cuda() and not tf.test.is_gpu_available()
    assert tf.sysconfig.get_build_info()["is_cuda_build"] is False
    assert tf.sysconfig.get_compile_flags()[0].startswith("-I")
