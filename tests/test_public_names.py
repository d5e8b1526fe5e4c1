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


@pytest.mark.parametrize("module", NAMESPACES, ids=lambda m: m.__name__)
def test_every_function_says_its_arguments(module):
    unknown = []
    for name, value in public(module):
        try:
            if callable(value) and value is not lamina.Tensor:  # made by functions alone
                inspect.signature(value)
        except ValueError:
            unknown.append(name)
    assert unknown == []


def test_signatures():
    assert str(inspect.signature(lamina.ops.relu)) == "(x)"
    assert str(inspect.signature(lamina.ops.sum)).startswith("(x, axis=None, keepdims=False")
    conv = inspect.signature(lamina.layers.Conv2D).parameters
    assert conv["filters"].default is inspect.Parameter.empty and conv["padding"].default == "valid"
    assert list(inspect.signature(lamina.Variable).parameters)[:2] == ["initializer", "dtype"]
    assert lamina.ops.relu.__doc__.count("Rectified") == 1
