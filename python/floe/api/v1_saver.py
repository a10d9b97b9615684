"""tf.compat.v1.train.Saver."""

from .. import errors, graph
from ..export import export
from .context import GraphKeys
from .variable import Variable


@export("compat.v1.train.Saver")
class Saver:
    """Knows which variables are saved under which names. Checkpoint files are not written or read yet."""

    def __init__(
        self,
        var_list=None,
        reshape=False,
        sharded=False,
        max_to_keep=5,
        keep_checkpoint_every_n_hours=10000.0,
        name=None,
        restore_sequentially=False,
        saver_def=None,
        builder=None,
        defer_build=False,
        allow_empty=False,
        write_version=2,
        pad_step_number=False,
        save_relative_paths=False,
        filename=None,
    ):
        if defer_build and var_list:
            raise ValueError(
                "If `var_list` is provided then build cannot be deferred. Either set defer_build=False or var_list=None."
            )
        self._given, self._allow_empty = var_list, allow_empty
        self._max_to_keep, self._last = max_to_keep, []
        self._variables = None
        if not defer_build:
            self.build()

    def build(self):
        """Looks up the variables, where that was put off."""
        found = self._given
        if found is None:
            g = graph.get_default_graph()
            found = [
                v
                for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.SAVEABLE_OBJECTS)
                for v in g.get_collection(key)
            ]
        if not found and not self._allow_empty:
            raise ValueError("No variables to save")
        self._variables = _named(found)

    @property
    def last_checkpoints(self):
        """Paths of the checkpoints written last, oldest first."""
        return list(self._last)

    def set_last_checkpoints(self, last_checkpoints):
        if not isinstance(last_checkpoints, list):
            raise TypeError(f"last_checkpoints must be a list, got {type(last_checkpoints).__name__}")
        self._last = list(last_checkpoints)

    def recover_last_checkpoints(self, checkpoint_paths):
        self._last = list(checkpoint_paths)

    def save(
        self,
        sess,
        save_path,
        global_step=None,
        latest_filename=None,
        meta_graph_suffix="meta",
        write_meta_graph=True,
        write_state=True,
        strip_default_attrs=False,
        save_debug_info=False,
    ):
        """Not there yet."""
        self._not_yet(
            f"write the checkpoint {save_path!r}",
            "read the values with sess.run and keep them with numpy.savez",
        )

    def restore(self, sess, save_path):
        """Not there yet."""
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        self._not_yet(
            f"read the checkpoint {save_path!r}", "set the variables with variable.load(value, sess)"
        )

    def _not_yet(self, what, instead):
        names = ", ".join(list(self._variables or ())[:5])
        raise errors.UnimplementedError(
            None, None, f"Floe cannot {what} yet (variables: {names}). Until then, {instead}."
        )


def _named(found):
    if isinstance(found, dict):
        named = dict(found)
    else:
        named = {}
        for v in found:
            name = v._name if isinstance(v, Variable) else getattr(v, "name", str(v))
            if name in named:
                raise ValueError(f"At least two variables have the same name: {name}")
            named[name] = v
    for name, v in named.items():
        if not isinstance(v, Variable) and not hasattr(v, "saveable"):
            raise TypeError(f"Variable to save is not a Variable: {v} (under the name {name!r})")
    return named
