"""The text form of messages, with the names of google.protobuf.text_format."""

import re as _re


class Error(Exception):
    """Base of the errors of the text form."""


class ParseError(Error):
    """A mistake in the text; line and column count from one."""

    def __init__(self, message=None, line=None, column=None):
        text = str(message)
        place = _re.match(r"(\d+):(\d+):\s*", text)
        if place and line is None:
            line, column = int(place[1]), int(place[2])
            text = text[place.end() :]
        super().__init__(f"{line}:{column} : {text}" if line is not None else text)
        self._line, self._column = line, column

    def GetLine(self):
        return self._line

    def GetColumn(self):
        return self._column


def Merge(text, message, **kwargs):
    """Merges what the text says into the message and returns it."""
    message._merge_text(text)
    return message


def Parse(text, message, **kwargs):
    """Reads the text into the message and returns it."""
    message._merge_text(text)
    return message


def MergeLines(lines, message, **kwargs):
    return Merge(_joined(lines), message)


def ParseLines(lines, message, **kwargs):
    return Parse(_joined(lines), message)


def _joined(lines):
    lines = list(lines)
    return (b"\n" if lines and isinstance(lines[0], bytes) else "\n").join(lines)


def MessageToString(message, as_utf8=True, as_one_line=False, indent=0, **kwargs):
    """The message as text."""
    text = message._print_text()
    if as_one_line:
        return " ".join(line.strip() for line in text.splitlines())
    if indent:
        text = "".join(" " * indent + line for line in text.splitlines(True))
    return text


def MessageToBytes(message, **kwargs):
    return MessageToString(message, **kwargs).encode()


def PrintMessage(message, out, indent=0, **kwargs):
    out.write(MessageToString(message, indent=indent, **kwargs))
