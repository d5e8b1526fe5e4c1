"""Lets `inspect.signature` and `help` know the arguments of the extension's functions.

pybind11 writes a signature with the types of C++ into the first line of a docstring. Python looks
for one of its own form before it, "name(arguments)\\n--\\n\\n", which this adds.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import types
from typing import Any

from lamina import _core


class OwnSignature:
    """`__signature__` of a class that is made in C++, and of those derived from it until one has a
    constructor of its own."""

    def __init__(self, signature: inspect.Signature | None) -> None:
        self.signature = signature

    def __get__(self, instance: Any, owner: type) -> inspect.Signature | None:
        if instance is None:
            for cls in owner.__mro__:
                if cls.__dict__.get("__signature__") is self:
                    return self.signature
                if "__init__" in cls.__dict__:
                    break
        raise AttributeError("__signature__")


def give(cls: Any, text: str) -> None:
    """The signature of a class of the extension whose constructor there takes anything."""
    if "pybind11_stubgen" not in sys.modules:
        cls.__signature__ = OwnSignature(parsed(text))


def describe(module: types.ModuleType) -> None:
    """Signatures for the functions and classes of an extension module and of the modules in it."""
    if "pybind11_stubgen" in sys.modules:  # it reads the types of C++ instead
        return
    for name, value in vars(module).items():
        if inspect.isbuiltin(value):
            signature = parsed(value.__doc__)
            if signature is not None:
                _core._set_text_signature(value, f"{value.__name__}{signature}")
        elif inspect.isclass(value) and value.__module__ == module.__name__:
            signature = parsed(value.__init__.__doc__)
            if signature is not None and "__signature__" not in vars(value):
                value.__signature__ = OwnSignature(signature)  # type: ignore[attr-defined]
        elif inspect.ismodule(value) and value.__name__ == f"{module.__name__}.{name}":
            describe(value)


def parsed(doc: str | None) -> inspect.Signature | None:
    """The signature in the first line of pybind11's docstring, without types."""
    line = (doc or "").split("\n", 1)[0]
    return _parsed(line[line.find("(") :]) if "(" in line else None


@functools.cache  # many functions take the same arguments
def _parsed(text: str) -> inspect.Signature | None:
    try:
        definition: Any = ast.parse(f"def f{text}: ...").body[0]
        arguments = definition.args
        defaults = [ast.literal_eval(d) for d in arguments.defaults]
        named = [None if d is None else ast.literal_eval(d) for d in arguments.kw_defaults]
    except (SyntaxError, ValueError):
        return None
    kind, empty = inspect.Parameter, inspect.Parameter.empty
    places = [a.arg for a in arguments.args if a.arg != "self"]
    given = [empty] * (len(places) - len(defaults)) + defaults
    out = [kind(n, kind.POSITIONAL_OR_KEYWORD, default=d) for n, d in zip(places, given)]
    if arguments.vararg:
        out.append(kind(arguments.vararg.arg, kind.VAR_POSITIONAL))
    for a, node, d in zip(arguments.kwonlyargs, arguments.kw_defaults, named):
        out.append(kind(a.arg, kind.KEYWORD_ONLY, default=empty if node is None else d))
    if arguments.kwarg:
        out.append(kind(arguments.kwarg.arg, kind.VAR_KEYWORD))
    return inspect.Signature(out)
