"""Names, order and defaults of arguments, of every function that Keras has."""

import inspect

import keras
import pytest

import lamina

VARIADIC = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def functions():
    for namespace in ("ops", "random"):
        module = getattr(keras, namespace)
        for name in dir(module):
            if inspect.isfunction(getattr(module, name)) and not name.startswith("_"):
                yield namespace, name


@pytest.mark.parametrize("namespace, name", list(functions()))
def test_arguments(namespace, name):
    def arguments(package):
        parameters = inspect.signature(
            getattr(getattr(package, namespace), name)
        ).parameters.values()
        return [(p.name, p.default) for p in parameters if p.kind not in VARIADIC]

    if not hasattr(getattr(lamina, namespace), name):
        pytest.skip("not there yet")
    assert arguments(lamina) == arguments(keras)


@pytest.mark.parametrize("part", ["numpy", "nn", "linalg"])
def test_parts_of_ops(part):
    theirs, ours = getattr(keras.ops, part), getattr(lamina.ops, part)
    names = {n for n, f in vars(theirs).items() if inspect.isfunction(f)}
    assert names - set(ours.__all__) <= {n for n in names if not hasattr(lamina.ops, n)}
    assert all(getattr(ours, n) is getattr(lamina.ops, n) for n in ours.__all__)
