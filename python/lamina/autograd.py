"""Differentiation and capture."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from lamina import _core
from lamina._core import Tensor, Variable

# How many value_and_grad calls are under way on this thread: the gradient of an inner one must
# itself be recorded for the outer one.
_depth = threading.local()


def no_grad() -> _core.GradMode:
    """Context in which no operation is recorded for differentiation.

    Example:

    >>> import lamina
    >>> x = lamina.tensor([1.0, 2.0], requires_grad=True)
    >>> with lamina.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """
    return _core.GradMode(False)


def enable_grad() -> _core.GradMode:
    """Context in which operations are recorded, inside no_grad() too."""
    return _core.GradMode(True)


def _leaves(value: Any, out: list) -> Any:
    """Replaces tensors in nested lists, tuples and dicts by places; collects them in `out`."""
    if isinstance(value, (Tensor, Variable)):
        out.append(value)
        return len(out) - 1
    if isinstance(value, dict):
        return {k: _leaves(v, out) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_leaves(v, out) for v in value)
    out.append(_core.convert_to_tensor(value))
    return len(out) - 1


def _rebuild(structure: Any, values: list) -> Any:
    if isinstance(structure, dict):
        return {k: _rebuild(v, values) for k, v in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(_rebuild(v, values) for v in structure)
    return values[structure]


def value_and_grad(
    fn: Callable, argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable:
    """A function that gives fn's value and its gradient.

    Args:
        fn: Function of tensors that returns a scalar tensor.
        argnums: Which positional arguments to differentiate; each may be a tensor, a variable, or
            lists and dicts of them.
        has_aux: fn returns (value, anything else); the rest is passed through.

    Returns:
        A function of the same arguments: (value, gradients), or ((value, aux), gradients). The
        gradients have the structure of the arguments. They can be differentiated again.

    Example:

    >>> import lamina
    >>> f = lamina.value_and_grad(lambda x: lamina.ops.sum(x * x))
    >>> value, gradient = f(lamina.tensor([1.0, 2.0]))
    >>> gradient.tolist()
    [2.0, 4.0]
    """
    single = isinstance(argnums, int)
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(fn)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        depth = getattr(_depth, "value", 0)
        nested = depth > 0 or any_requires_grad(args)
        leaves: list = []
        structures = [_leaves(args[i], leaves) for i in numbers]
        inputs: list = []
        for leaf in leaves:
            if isinstance(leaf, Variable):
                inputs.append(leaf.value)
            elif leaf.requires_grad:
                inputs.append(leaf)
            else:
                t = leaf.detach()
                t.requires_grad = True
                inputs.append(t)
        given = [leaf if isinstance(leaf, Variable) else t for leaf, t in zip(leaves, inputs)]
        new_args = list(args)
        for i, s in zip(numbers, structures):
            new_args[i] = _rebuild(s, given)
        _depth.value = depth + 1
        try:
            with enable_grad():
                result = fn(*new_args, **kwargs)
        finally:
            _depth.value = depth
        value = result[0] if has_aux else result
        if not isinstance(value, Tensor) or value.size != 1:
            raise ValueError(f"value_and_grad: expected a scalar tensor, received {value!r}")
        if value.requires_grad:
            grads = _core.gradients([value], inputs, [], nested)
        else:
            grads = [None] * len(inputs)
        grads = [_core.zeros_like(t.detach()) if g is None else g for t, g in zip(inputs, grads)]
        out = tuple(_rebuild(s, grads) for s in structures)
        if not nested:
            value = value.detach()
        return ((value, result[1]) if has_aux else value), (out[0] if single else out)

    return wrapped


def any_requires_grad(args: Any) -> bool:
    """Whether an outer computation records what happens to these arguments."""
    leaves: list = []
    try:
        _leaves(list(args), leaves)
    except (TypeError, ValueError):
        return False
    return _core.grad_enabled() and any(isinstance(t, Tensor) and t.requires_grad for t in leaves)


def grad(fn: Callable, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable:
    """A function that gives fn's gradient; see `value_and_grad`.

    Example:

    >>> import lamina
    >>> second = lamina.grad(lambda x: lamina.grad(lambda y: y * y * y)(x))
    >>> second(lamina.tensor(2.0)).item()
    12.0
    """
    both = value_and_grad(fn, argnums, has_aux)

    @functools.wraps(fn)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapped


def stop_gradient(x: Any) -> Tensor:
    """The same values; no gradient passes."""
    return _core.stop_gradient(x)


def custom_gradient(f: Callable) -> Callable:
    """Decorator for a function that returns (outputs, gradient function).

    The gradient function takes the gradients of the outputs and returns those of the arguments.

    Example:

    >>> import lamina
    >>> @lamina.custom_gradient
    ... def doubled(x):
    ...     return x, lambda g: 2 * g
    >>> lamina.grad(lambda x: doubled(x) * 3.0)(lamina.tensor(1.0)).item()
    6.0
    """

    @functools.wraps(f)
    def wrapped(*args: Any) -> Any:
        return _core.custom_gradient(f, [_core.convert_to_tensor(a) for a in args])

    return wrapped


def function(fn: Callable) -> Callable:
    """Capture fn: it runs once for each signature of its tensors, then replays as one program.

    Arguments that are not tensors are part of the signature. Variables are read and written in
    place on every call; other values that fn reads are fixed at capture. Where the result needs a
    gradient that the caller may ask for, fn simply runs.

    Example:

    >>> import lamina
    >>> @lamina.function
    ... def f(x, y):
    ...     return lamina.ops.tanh(x) + y
    >>> f(lamina.tensor([0.0]), lamina.tensor([1.0])).tolist()
    [1.0]
    """
    captured: dict[Any, tuple[Any, list]] = {}

    @functools.wraps(fn)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        tensors: list = []

        def split(v: Any) -> Any:
            if isinstance(v, Tensor) or (type(v).__module__ == "numpy" and hasattr(v, "dtype")):
                tensors.append(_core.convert_to_tensor(v))
                return ("\0tensor", len(tensors) - 1)
            if isinstance(v, (list, tuple)):
                return (type(v).__name__, tuple(split(u) for u in v))
            if isinstance(v, dict):
                return ("dict", tuple((k, split(u)) for k, u in sorted(v.items())))
            return v

        key = split((args, kwargs))
        try:
            hash(key)
        except TypeError:
            return fn(*args, **kwargs)
        if key not in captured:
            structure: list = []

            def join(s: Any, values: list) -> Any:
                if isinstance(s, tuple) and len(s) == 2:
                    if s[0] == "\0tensor":
                        return values[s[1]]
                    if s[0] == "list":
                        return [join(u, values) for u in s[1]]
                    if s[0] == "tuple":
                        return tuple(join(u, values) for u in s[1])
                    if s[0] == "dict":
                        return {k: join(u, values) for k, u in s[1]}
                return s

            def body(values: list) -> list:
                new_args, new_kwargs = join(key, values)
                leaves: list = []
                structure[:] = [_leaves(fn(*new_args, **new_kwargs), leaves)]
                return [v.value if isinstance(v, Variable) else v for v in leaves]

            captured[key] = (_core.Function(body), structure)
        run, structure = captured[key]
        results = run(tensors)
        return _rebuild(structure[0], list(results))

    return wrapped
