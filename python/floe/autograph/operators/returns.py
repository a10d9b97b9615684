"""Return statements under conditions: flags that say whether a function has returned.

Rewritten functions carry a flag (do_return) and a value (retval_). Where only one branch or turn returns, the other one
carries a stand-in of the same kind, and the flag remembers what is wrong should the function end before it is surely set.
"""

import functools
import weakref

from ... import nest
from .. import errors
from .values import UndefinedReturnValue

_endings = weakref.WeakKeyDictionary()
_definite = weakref.WeakKeyDictionary()
_negations = weakref.WeakKeyDictionary()


def is_flag(name):
    return name.startswith("do_return")


def _place(t):
    return (t.graph, (t._node_id, t.value_index)) if hasattr(t, "_node_id") else (None, None)


def _get(table, t):
    graph, key = _place(t)
    return None if graph is None else table.get(graph, {}).get(key)


def _put(table, t, value):
    graph, key = _place(t)
    if graph is not None:
        table.setdefault(graph, {})[key] = value


def note(flag, ending):
    """`ending(flag)` is called when a function ends with this flag."""
    if ending is not None:
        _put(_endings, flag, ending)


def noted(flag):
    return _get(_endings, flag)


def is_definite(flag):
    """Whether a flag says that the function has returned, whichever branches were taken."""
    return flag is True or _get(_definite, flag) is True


def note_definite(flag):
    _put(_definite, flag, True)


def note_negation(result, of):
    """`result` is `not of`."""
    _put(_negations, result, _place(of)[1])


def negates(cond, flag):
    """Whether a condition is `not flag`."""
    key = _get(_negations, cond)
    return key is not None and _place(flag) == (cond.graph, key)


def finish(flag):
    """Called where a function returns."""
    ending = noted(flag)
    if ending is not None:
        ending(flag)


def fail(problem, flag):
    """Raises an error that was made where its cause is."""
    raise problem


def pair_up(names, main, orelse, error):
    """Gives the branch without a return value a stand-in for the other's: the states, and what is wrong with that."""
    ending = None
    main, orelse = list(main), list(orelse)
    for i, (name, a, b) in enumerate(zip(names, main, orelse)):
        missing = [isinstance(v, UndefinedReturnValue) for v in (a, b)]
        if missing[0] == missing[1]:
            continue
        problem = error(name, "main" if missing[0] else "else")
        (have, side) = (b, main) if missing[0] else (a, orelse)
        if not any(is_flag(n) for n in names) or any(x is None for x in nest.flatten(have)):
            raise problem
        ending = functools.partial(fail, errors.raised_here(problem))
        side[i] = have
    return main, orelse, ending
