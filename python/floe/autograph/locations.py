"""From lines of rewritten functions to the user's lines."""

import bisect
import dis
import sys

_files = {}


def register(source_map):
    """Takes the map of one generated file: (file, line) -> origin."""
    for place, origin in source_map.items():
        _files.setdefault(place.filename, {})[place.lineno] = (origin.loc.filename, origin.loc.lineno)


def is_generated(filename):
    return filename in _files


def original(filename, line):
    """The user's file and line that a line comes from; the line itself when nobody rewrote it."""
    lines = _files.get(filename)
    if not lines:
        return filename, line
    found = lines.get(line)
    if found is None:
        known = sorted(lines)
        found = lines[known[max(bisect.bisect_right(known, line) - 1, 0)]]
    return found


def text(filename, line):
    """file:line of the user's source for a line that runs."""
    filename, line = original(filename, line)
    return f"{filename}:{line}"


def running():
    """The frame of converted code that runs now; None outside of it."""
    frame = sys._getframe(1)
    while frame is not None and not is_generated(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def here():
    """file:line of the user's line that runs now."""
    frame = running()
    return text(frame.f_code.co_filename, frame.f_lineno) if frame is not None else ""


def of_code(function):
    """file:line of the first of the user's lines in a rewritten block, or "" for a block without any."""
    code = function.__code__
    lines = _files.get(code.co_filename, {})
    mapped = [lines[n] for _, n in dis.findlinestarts(code) if n in lines and n > code.co_firstlineno]
    if not mapped:
        return ""
    filename, line = min(mapped, key=lambda place: place[1])
    return f"{filename}:{line}"


def of_expression(function):
    """file:line of a rewritten expression (a lambda), or "" for a block of statements."""
    code = function.__code__
    expression = code.co_name == "<lambda>" and is_generated(code.co_filename)
    return text(code.co_filename, code.co_firstlineno) if expression else ""


def of_assignment(function, name):
    """file:line where a rewritten block last gives `name` a value, looking into the blocks inside of it."""
    found = _assignment(function.__code__, name)
    return text(*found) if found else ""


def of_earlier_assignment(name, blocks):
    """file:line where another block of the converted function that runs now gives `name` a value."""
    frame = running()
    if frame is None:
        return ""
    skipped = [b.__code__ for b in blocks]
    found = next(
        filter(None, (_assignment(c, name) for c in _blocks(frame.f_code) if c not in skipped)), None
    )
    return text(*found) if found else ""


def _assignment(code, name):
    found, line = None, code.co_firstlineno
    attribute = name.rpartition(".")[2] if "." in name else None
    for i in dis.get_instructions(code):
        if i.starts_line is not None:
            line = i.starts_line if not isinstance(i.starts_line, bool) else i.line_number
        if i.opname in _STORES and i.argval == (attribute or name):
            found = code.co_filename, line
    for inner in _blocks(code) if found is None else ():
        found = _assignment(inner, name) or found
    return found


def _blocks(code):
    """The blocks defined in a rewritten one; set_state, which puts state back, is none of the user's."""
    inner = [c for c in code.co_consts if hasattr(c, "co_code")]
    return [c for c in inner if not c.co_name.startswith("set_state")]


_STORES = ("STORE_DEREF", "STORE_FAST", "STORE_NAME", "STORE_GLOBAL", "STORE_ATTR")
