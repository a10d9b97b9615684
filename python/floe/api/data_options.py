"""tf.data.Options: kept and given back; they change no element."""

from ..export import export

_FIELDS = {
    "": {
        "deterministic": None,
        "dataset_name": None,
        "experimental_deterministic": None,
        "experimental_external_state_policy": None,
        "experimental_slack": None,
        "experimental_symbolic_checkpoint": None,
        "experimental_warm_start": None,
        "framework_type": None,
    },
    "autotune": dict.fromkeys(("enabled", "cpu_budget", "ram_budget", "autotune_algorithm")),
    "threading": dict.fromkeys(("max_intra_op_parallelism", "private_threadpool_size")),
    "experimental_distribute": dict.fromkeys(("auto_shard_policy", "num_devices")),
    "experimental_optimization": dict.fromkeys(
        (
            "apply_default_optimizations",
            "filter_fusion",
            "filter_parallelization",
            "inject_prefetch",
            "map_and_batch_fusion",
            "map_and_filter_fusion",
            "map_fusion",
            "map_parallelization",
            "noop_elimination",
            "parallel_batch",
            "seq_interleave_prefetch",
            "shuffle_and_repeat_fusion",
        )
    ),
}


class _Group:
    def __init__(self, name):
        self.__dict__["_name"] = name
        self.__dict__.update(_FIELDS[name])

    def __setattr__(self, name, value):
        if name not in self.__dict__ or name.startswith("_"):
            raise AttributeError(f"Cannot set the property {name} on {type(self).__name__}.")
        self.__dict__[name] = value

    def __eq__(self, other):
        return isinstance(other, _Group) and self.__dict__ == other.__dict__

    __hash__ = None


@export("data.Options")
class Options(_Group):
    """Options of a dataset, for with_options."""

    def __init__(self):
        super().__init__("")
        for name in _FIELDS:
            if name:
                self.__dict__[name] = _Group(name)

    def merge(self, options):
        """Options with what is set in either."""
        made = Options()
        for source in (self, options):
            for name, value in source.__dict__.items():
                if isinstance(value, _Group):
                    set_ = {k: v for k, v in value.__dict__.items() if v is not None}
                    made.__dict__[name].__dict__.update(set_)
                elif value is not None:
                    made.__dict__[name] = value
        return made
