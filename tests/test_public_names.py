"""Every public name says what it is."""

import inspect
import types

import pytest

import lamina

NAMESPACES = [
    lamina,
    *(m for n, m in vars(lamina).items() if not n.startswith("_") and inspect.ismodule(m)),
]


def public(module):
    """Names that a module offers, without what it merely uses."""
    names = getattr(module, "__all__", [])
    extra = [n for n, v in vars(module).items() if n[0] != "_" and _is_ours(v)]
    for name in sorted({*names, *extra}):
        value = getattr(module, name)
        if not isinstance(value, types.ModuleType):
            yield name, value


def _is_ours(value):
    return callable(value) and str(getattr(value, "__module__", "")).startswith("lamina")


def says_nothing(value):
    text = inspect.getdoc(value) or ""
    lines = text.splitlines()
    if lines and lines[0].startswith(f"{getattr(value, '__name__', '')}("):
        lines = lines[1:]  # the signature that the extension writes
    return not any(line.strip() for line in lines)


@pytest.mark.parametrize("module", NAMESPACES, ids=lambda m: m.__name__)
def test_every_public_name_has_a_docstring(module):
    assert [n for n, v in public(module) if callable(v) and says_nothing(v)] == []


@pytest.mark.parametrize(
    "cls",
    [
        lamina.Layer,
        lamina.Model,
        lamina.Sequential,
        lamina.Variable,
        lamina.Tensor,
        lamina.callbacks.Callback,
    ],
)
def test_every_public_method_has_a_docstring(cls):
    missing = [
        name
        for name, value in vars(cls).items()
        if name[0] != "_"
        and (callable(value) or isinstance(value, property))
        and says_nothing(value)
    ]
    assert missing == []
