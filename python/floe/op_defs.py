"""The declarations of operations as OpDef messages."""

from . import _floe, messages


def _arguments(into, described):
    for a in described:
        arg = into.add()
        arg.name = a["name"]
        arg.type = a["type"]
        arg.type_attr, arg.type_list_attr = a["type_attr"], a["type_list_attr"]
        arg.number_attr = a["number_attr"]


def op_def(op_type):
    """The OpDef of an operation's type; of a function's name, one that has only the name."""
    message = messages.get("OpDef")()
    message.name = op_type
    if not _floe.has_op(op_type):
        return message
    described = _floe.describe_op(op_type)
    _arguments(message.input_arg, described["inputs"])
    _arguments(message.output_arg, described["outputs"])
    for a in described["attrs"]:
        attr = message.attr.add()
        attr.name, attr.type = a["name"], a["type"]
    message.is_stateful = described["stateful"]
    return message
