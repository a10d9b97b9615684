"""tf.config: options of the runtime."""

from ..export import export
from .config_devices import _CPU, _known
from .function import functions_run_eagerly, run_functions_eagerly

_jit = [""]
_tf32 = [True]
_options = {}
_policy = ["silent"]
_OPTIONS = (
    "layout_optimizer", "constant_folding", "shape_optimization", "remapping", "arithmetic_optimization",
    "dependency_optimization", "loop_optimization", "function_optimization", "debug_stripper",
    "scoped_allocator_optimization", "pin_to_host_optimization", "implementation_selector", "auto_mixed_precision",
    "disable_model_pruning", "disable_meta_optimizer", "min_graph_nodes", "auto_parallel",
)  # fmt: skip

experimental_run = export("config.experimental_run_functions_eagerly")(run_functions_eagerly)
experimental_functions_run = export("config.experimental_functions_run_eagerly")(functions_run_eagerly)


@export("config.optimizer.get_jit")
def get_jit():
    """ "autoclustering" or "": what set_jit asked for."""
    return _jit[0]


@export("config.optimizer.set_jit")
def set_jit(enabled):
    """Accepted: Floe plans every graph as a whole, with or without it."""
    if enabled not in (True, False, "autoclustering"):
        raise ValueError(f"enabled should be True, False or 'autoclustering', not {enabled!r}.")
    _jit[0] = "autoclustering" if enabled else ""


@export("config.optimizer.get_experimental_options")
def get_experimental_options():
    """The options that were set."""
    return {"disable_model_pruning": False, "disable_meta_optimizer": False, **_options}


@export("config.optimizer.set_experimental_options")
def set_experimental_options(options):
    """Keeps options of TensorFlow's graph optimizers; Floe's planner needs none of them."""
    _options.update({k: v for k, v in options.items() if k in _OPTIONS})


@export("config.experimental.get_device_details")
def get_device_details(device):
    """What is known of a physical device: of CPUs, nothing."""
    _known(device)
    return {}


@export("config.experimental.set_memory_growth")
def set_memory_growth(device, enable):
    """For GPUs only."""
    _known(device)
    raise ValueError("Cannot set memory growth on non-GPU and non-Pluggable devices")


@export("config.experimental.get_memory_growth")
def get_memory_growth(device):
    """For GPUs only."""
    _known(device)
    raise KeyError(device)


def _matching(device):
    from .config_device_spec import DeviceSpec

    spec = DeviceSpec.from_string(device)
    if spec.device_type != _CPU.device_type or spec.device_index not in (None, 0):
        raise ValueError(f"No matching devices found for '{device}'. There is 'CPU:0'.")


@export("config.experimental.get_memory_info")
def get_memory_info(device):
    """Bytes that a device's allocator counts: it does not count those of the CPU."""
    _matching(device)
    return {"current": 0, "peak": 0}


@export("config.experimental.get_memory_usage")
def get_memory_usage(device):
    """get_memory_info(device)["current"]."""
    return get_memory_info(device)["current"]


@export("config.experimental.reset_memory_stats")
def reset_memory_stats(device):
    """Resets what get_memory_info counts."""
    _matching(device)


@export("config.experimental.get_synchronous_execution")
def get_synchronous_execution():
    """True: results are there when an operation returns, as far as programs can see."""
    return True


@export("config.experimental.set_synchronous_execution")
def set_synchronous_execution(enable):
    """Accepted: the order of effects is the program's in any case."""


@export("config.experimental.get_device_policy")
def get_device_policy():
    """How tensors move between devices."""
    return _policy[0]


@export("config.experimental.set_device_policy")
def set_device_policy(device_policy):
    """Kept; there is one device."""
    if device_policy not in (None, "silent", "silent_for_int32", "explicit", "warn"):
        raise ValueError(
            f"Invalid argument `device_policy`: {device_policy!r}. Please refer to "
            "https://www.tensorflow.org/api_docs/python/tf/config/experimental/set_device_policy for valid "
            "`device_policy` arguments."
        )
    _policy[0] = "silent" if device_policy is None else device_policy


@export("config.experimental.enable_tensor_float_32_execution")
def enable_tensor_float_32_execution(enabled):
    """Kept; CPUs have no TensorFloat-32."""
    _tf32[0] = bool(enabled)


@export("config.experimental.tensor_float_32_execution_enabled")
def tensor_float_32_execution_enabled():
    return _tf32[0]


@export("config.experimental.enable_op_determinism")
def enable_op_determinism():
    """Accepted: Floe's operations give the same results every time."""


@export("config.experimental.enable_mlir_bridge")
def enable_mlir_bridge():
    """Accepted; Floe has no such bridge."""


@export("config.experimental.disable_mlir_bridge")
def disable_mlir_bridge():
    """Accepted; Floe has no such bridge."""
