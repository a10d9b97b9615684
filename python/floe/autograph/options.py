"""Options of the conversion."""

import enum

from ..export import export


@export("autograph.experimental.Feature")
class Feature(enum.Enum):
    """Optional parts of the conversion: tf.function(experimental_autograph_options=...)."""

    ALL = "ALL"
    AUTO_CONTROL_DEPS = "AUTO_CONTROL_DEPS"
    ASSERT_STATEMENTS = "ASSERT_STATEMENTS"
    BUILTIN_FUNCTIONS = "BUILTIN_FUNCTIONS"
    EQUALITY_OPERATORS = "EQUALITY_OPERATORS"
    LISTS = "LISTS"
    NAME_SCOPES = "NAME_SCOPES"

    @classmethod
    def all(cls):
        """Every feature."""
        return tuple(cls.__members__.values())

    @classmethod
    def all_but(cls, exclude):
        """Every feature but these."""
        if not isinstance(exclude, (list, tuple, set)):
            exclude = (exclude,)
        return tuple(set(cls.all()) - set(exclude) - {cls.ALL})


class ConversionOptions:
    """How a function and what it calls are converted."""

    def __init__(
        self,
        recursive=True,
        user_requested=False,
        optional_features=None,
        internal_convert_user_code=True,
    ):
        if optional_features is None:
            optional_features = ()
        elif isinstance(optional_features, Feature):
            optional_features = (optional_features,)
        self.recursive = recursive
        self.user_requested = user_requested
        self.internal_convert_user_code = internal_convert_user_code
        self.optional_features = frozenset(optional_features)

    def _key(self):
        return self.recursive, self.user_requested, self.optional_features, self.internal_convert_user_code

    def __eq__(self, other):
        return isinstance(other, ConversionOptions) and self._key() == other._key()

    def __hash__(self):
        return hash(self._key())

    def uses(self, feature):
        """Whether a feature, ours or malt's of the same name, is on."""
        return Feature.ALL in self.optional_features or any(
            f.name == feature.name for f in self.optional_features
        )

    def call_options(self):
        """Options for what the function calls."""
        return ConversionOptions(self.recursive, False, self.optional_features, self.recursive)

    def to_ast(self):
        """An expression that makes these options in rewritten code."""
        from malt.pyct import parser

        if self == STANDARD:
            return parser.parse_expression("ag__.STD")
        features = "".join(f"ag__.Feature.{f.name}, " for f in self.optional_features)
        return parser.parse_expression(
            f"ag__.ConversionOptions({self.recursive}, {self.user_requested}, ({features}), "
            f"{self.internal_convert_user_code})"
        )


STANDARD = ConversionOptions()
