"""Control flow: Python's own, over eager or captured operations.

Loops run as often as Python can tell, so a captured function holds their steps one by one. A
condition on the values of tensors is an error inside a captured function, which names
`run_eagerly=True`.
"""

from __future__ import annotations

import builtins
import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

from lamina import _core, autograd, tree
from lamina._core import Tensor, convert_to_tensor
from lamina.autograd import custom_gradient

__all__ = [
    "associative_scan",
    "cond",
    "custom_gradient",
    "fori_loop",
    "jvp",
    "map",
    "scan",
    "switch",
    "vectorize",
    "vectorized_map",
    "while_loop",
]


def _tensors(structure: Any) -> Any:
    """The structure with tensors for leaves; None stays."""
    return tree.map_structure(lambda x: None if x is None else convert_to_tensor(x), structure)


def _stacked(results: Sequence[Any]) -> Any:
    """Structures of the same layout as one, with stacked leaves."""
    flat = [tree.flatten(r) for r in results]
    leaves = [None if column[0] is None else _core.stack(list(column)) for column in zip(*flat)]
    return tree.pack_sequence_as(results[0], leaves)


def _length(name: str, leaves: list[Any]) -> int:
    lengths = {x.shape[0] for x in leaves}
    if len(lengths) != 1:
        raise ValueError(
            f"{name}: expected tensors with the same first axis, received lengths {sorted(lengths)}"
        )
    return lengths.pop()


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    """true_fn() where pred holds, else false_fn().

    Args:
        pred: A boolean scalar.
        true_fn: Function without arguments.
        false_fn: Function without arguments.

    Raises:
        RuntimeError: pred is not known while a function is captured; use `where` or
            `run_eagerly=True`.

    Example:

    >>> import lamina
    >>> lamina.ops.cond(lamina.tensor(2) > 1, lambda: "more", lambda: "less")
    'more'
    """
    return true_fn() if bool(pred) else false_fn()


def switch(index: Any, branches: Sequence[Callable], *operands: Any) -> Any:
    """branches[index](*operands); an index outside is moved to the nearest branch.

    Args:
        index: An integer scalar.
        branches: Functions of the operands.
        operands: Arguments of the branch.

    Raises:
        RuntimeError: index is not known while a function is captured.

    Example:

    >>> import lamina
    >>> lamina.ops.switch(1, [lambda x: x + 1, lambda x: x * 10], 4)
    40
    """
    return branches[builtins.min(builtins.max(int(index), 0), len(branches) - 1)](*operands)


def while_loop(
    cond: Callable, body: Callable, loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """Repeat body while cond holds.

    Args:
        cond: Function of the loop variables that returns a boolean scalar.
        body: Function of the loop variables that returns the next ones.
        loop_vars: A tuple or list of structures of tensors, or a single one.
        maximum_iterations: Stop after that many at the latest.

    Returns:
        The loop variables of the last iteration.

    Raises:
        RuntimeError: The condition is not known while a function is captured.

    Example:

    >>> import lamina
    >>> lamina.ops.while_loop(lambda i: i < 10, lambda i: (i * 2,), (lamina.tensor(1),))[0].item()
    16
    """
    several = isinstance(loop_vars, (tuple, list))
    state = tuple(loop_vars) if several else (loop_vars,)
    done = 0
    while (maximum_iterations is None or done < maximum_iterations) and bool(cond(*state)):
        result = body(*state)
        state = tuple(result) if several else (result,)
        done += 1
    return state if several else state[0]


def fori_loop(lower: Any, upper: Any, body_fun: Callable, init_val: Any) -> Any:
    """body_fun(i, value) for i from lower up to upper, each time with the value before.

    Args:
        lower: First index.
        upper: End, not included.
        body_fun: Function of the index, a Python integer, and the value.
        init_val: First value, a structure of tensors.

    Returns:
        The last value.

    Example:

    >>> import lamina
    >>> lamina.ops.fori_loop(0, 4, lambda i, x: x + i, lamina.tensor(0)).item()
    6
    """
    value = init_val
    for i in range(int(lower), int(upper)):
        value = body_fun(i, value)
    return value


def map(f: Callable, xs: Any) -> Any:
    """f on each slice along the first axis, results stacked.

    Args:
        f: Function of one slice.
        xs: A tensor, or a structure of tensors with the same first axis.

    Example:

    >>> import lamina
    >>> lamina.ops.map(lambda x: x * 2, [1, 2, 3]).tolist()
    [2, 4, 6]
    """
    if isinstance(xs, list) and not builtins.any(isinstance(x, Tensor) for x in xs):
        xs = convert_to_tensor(xs)
    xs = _tensors(xs)
    leaves = tree.flatten(xs)
    slices = zip(*(_core.unstack(x) for x in leaves))
    if _length("map", leaves) == 0:
        raise ValueError("map: the first axis is empty")
    return _stacked([f(tree.pack_sequence_as(xs, list(s))) for s in slices])


def vectorized_map(function: Callable, elements: Any) -> Any:
    """function on each slice along the first axis, results stacked.

    Args:
        function: Function of one slice.
        elements: A tensor, or a structure of tensors with the same first axis.

    Example:

    >>> import lamina
    >>> lamina.ops.vectorized_map(lamina.ops.sum, lamina.ops.ones((2, 3))).tolist()
    [3.0, 3.0]
    """
    return map(function, elements)


def scan(
    f: Callable,
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """Run f over the first axis of xs, carrying a value along.

    Args:
        f: Function of (carry, x) that returns (next carry, y).
        init: First carry, a structure of tensors.
        xs: Structure of tensors with the same first axis, or None.
        length: Number of steps, needed without xs.
        reverse: Start from the end.
        unroll: Accepted as in Keras; every step is a step of its own.

    Returns:
        (last carry, the ys stacked in the order of xs).

    Example:

    >>> import lamina
    >>> total, sums = lamina.ops.scan(lambda c, x: (c + x, c + x), 0, lamina.tensor([1, 2, 3]))
    >>> int(total), sums.tolist()
    (6, [1, 3, 6])
    """
    if not isinstance(unroll, (bool, int)) or (not isinstance(unroll, bool) and unroll < 1):
        raise ValueError(f"scan: unroll must be a positive integer or a bool, received {unroll}")
    if xs is None:
        if length is None:
            raise ValueError("scan: pass xs or length")
        steps: list[Any] = [None] * int(length)
    else:
        xs = _tensors(xs)
        leaves = [x for x in tree.flatten(xs) if x is not None]
        n = _length("scan", leaves)
        if length is not None and int(length) != n:
            raise ValueError(f"scan: length is {length}, the first axis of xs {n}")
        steps = [tree.map_structure(lambda x, i=i: x if x is None else x[i], xs) for i in range(n)]
    carry, ys = init, []
    for x in reversed(steps) if reverse else steps:
        carry, y = f(carry, x)
        ys.append(y)
    if not ys:
        raise ValueError("scan: there are no steps to run")
    return carry, _stacked(_in_order([_tensors(y) for y in ys], reverse))


def _in_order(items: list[Any], reverse: bool) -> list[Any]:
    return items[::-1] if reverse else items


def associative_scan(f: Callable, elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """All partial results x_0, f(x_0, x_1), f(f(x_0, x_1), x_2), ... of an associative function.

    Pairs are combined first, then pairs of pairs (Blelloch, 1990): f runs on whole tensors, about
    2 log2(n) times.

    Args:
        f: Associative function of two structures of tensors, elementwise along the axis.
        elems: Structure of tensors.
        reverse: From the end.
        axis: The axis.

    Returns:
        A structure as elems.

    Example:

    >>> import lamina
    >>> lamina.ops.associative_scan(lamina.ops.add, lamina.tensor([1, 2, 3, 4])).tolist()
    [1, 3, 6, 10]
    """
    if not callable(f):
        raise TypeError(f"associative_scan: expected a function, received {f!r}")
    elems = _tensors(elems)
    lengths = {x.shape[axis] for x in tree.flatten(elems)}
    if len(lengths) != 1:
        raise ValueError(
            "associative_scan: expected tensors with the same length along the axis, received "
            f"{sorted(lengths)}"
        )

    def combine(a: list[Tensor], b: list[Tensor]) -> list[Tensor]:
        out = f(tree.pack_sequence_as(elems, a), tree.pack_sequence_as(elems, b))
        return tree.flatten(_tensors(out))

    def part(xs: list[Tensor], start: int, stop: int | None, step: int = 1) -> list[Tensor]:
        def cut(x: Tensor) -> Tensor:
            key: list[Any] = [slice(None)] * x.ndim
            key[axis] = slice(start, stop, step)
            return x[tuple(key)]

        return [cut(x) for x in xs]

    def partial_results(xs: list[Tensor]) -> list[Tensor]:
        n = xs[0].shape[axis]
        if n < 2:
            return xs
        odd = partial_results(combine(part(xs, 0, n - 1, 2), part(xs, 1, None, 2)))
        rest = part(xs, 2, None, 2)
        even = part(xs, 0, 1)
        if rest[0].shape[axis]:
            more = combine(part(odd, 0, rest[0].shape[axis]), rest)
            even = [_core.concatenate([a, b], axis) for a, b in zip(even, more)]
        half = (n + 1) // 2
        order = [i // 2 + half * (i % 2) for i in range(n)]
        return [_core.take(_core.concatenate([a, b], axis), order, axis) for a, b in zip(even, odd)]

    leaves = tree.flatten(elems)
    if reverse:
        leaves = [_core.flip(x, axis) for x in leaves]
    out = partial_results(leaves)
    if reverse:
        out = [_core.flip(x, axis) for x in out]
    return tree.pack_sequence_as(elems, out)


def jvp(fun: Callable, primals: Any, tangents: Any, has_aux: bool = False) -> tuple:
    """Value of a function and its derivative in a direction, by differentiating backward twice.

    Args:
        fun: Function of tensors that returns a structure of tensors.
        primals: Its arguments, a tuple or list of structures of tensors.
        tangents: The direction, of the same layout.
        has_aux: fun returns (value, anything else).

    Returns:
        (value, derivative), or (value, derivative, the rest).

    Example:

    >>> import lamina
    >>> value, slope = lamina.ops.jvp(lambda x: x * x, (3.0,), (1.0,))
    >>> value.item(), slope.item()
    (9.0, 6.0)
    """
    if len(primals) != len(tangents):
        raise ValueError(
            f"jvp: {len(primals)} primals and {len(tangents)} tangents; expected as many"
        )
    inputs = []
    for leaf in tree.flatten(list(primals)):
        t = convert_to_tensor(leaf)
        if not t.requires_grad:
            t = t.detach()
            t.requires_grad = "float" in t.dtype
        inputs.append(t)
    directions = [convert_to_tensor(t) for t in tree.flatten(list(tangents))]
    with autograd.enable_grad():
        result = fun(*tree.pack_sequence_as(list(primals), inputs))
        value = result[0] if has_aux else result
        outputs = tree.flatten(_tensors(value))
        # The gradient is linear in its weights: its derivative by them is the derivative wanted.
        weights = []
        for out in outputs:
            w = _core.zeros_like(out.detach())
            w.requires_grad = "float" in w.dtype
            weights.append(w)
        slopes = [_core.zeros_like(out.detach()) for out in outputs]
        live = [i for i, out in enumerate(outputs) if out.requires_grad]
        grads: Sequence[Any] = []
        if live:
            grads = _core.gradients(
                [outputs[i] for i in live], inputs, [weights[i] for i in live], True
            )
        pairs = [(g, d) for g, d in zip(grads, directions) if g is not None and g.requires_grad]
        if pairs:
            found = _core.gradients(
                [g for g, _ in pairs],
                [weights[i] for i in live],
                [_core.cast(d, g.dtype) for g, d in pairs],
                False,
            )
            for i, s in zip(live, found):
                slopes[i] = slopes[i] if s is None else s
    derivative = tree.pack_sequence_as(value, slopes)
    value = tree.map_structure(lambda x: x.detach() if isinstance(x, Tensor) else x, value)
    return (value, derivative, result[1]) if has_aux else (value, derivative)


def _core_axes(signature: str) -> tuple[list[list[str]], list[list[str]]]:
    """Names of the core axes of each input and output of a signature as "(n),(n,m)->(m)"."""

    def side(text: str) -> list[list[str]]:
        return [
            [n.strip() for n in group.split(",") if n.strip()]
            for group in re.findall(r"\(([^()]*)\)", text)
        ]

    if signature.count("->") != 1:
        raise ValueError(f"vectorize: expected a signature as '(n)->()', received '{signature}'")
    left, right = signature.split("->")
    return side(left), side(right)


def vectorize(pyfunc: Callable, *, excluded: Any = None, signature: str | None = None) -> Callable:
    """A function of tensors that runs pyfunc for each of their elements, with broadcasting.

    Args:
        pyfunc: Function of scalar tensors, or of tensors with the core axes of the signature.
        excluded: Positions and names of arguments that are passed on as they are.
        signature: Core axes of inputs and outputs, such as "(n),(n)->()".

    Example:

    >>> import lamina
    >>> larger = lamina.ops.vectorize(lambda a, b: a if a > b else b)
    >>> larger([1, 5], [3, 3]).tolist()
    [3, 5]
    """
    fixed = set(excluded or ())

    @functools.wraps(pyfunc)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        names = [k for k in kwargs if k not in fixed]
        places: list[Any] = [i for i in range(len(args)) if i not in fixed] + names
        tensors = [convert_to_tensor(kwargs[p] if isinstance(p, str) else args[p]) for p in places]
        core = _core_axes(signature)[0] if signature else [[] for _ in tensors]
        if len(core) != len(tensors):
            raise ValueError(
                f"vectorize: the signature '{signature}' does not fit {len(tensors)} arguments"
            )
        lead = [t.shape[: t.ndim - len(c)] for t, c in zip(tensors, core)]
        rank = builtins.max((len(s) for s in lead), default=0)
        padded = [(1,) * (rank - len(s)) + tuple(s) for s in lead]
        batch = tuple(builtins.max(column) if 0 not in column else 0 for column in zip(*padded))
        rows = []
        for t, s in zip(tensors, lead):
            inner = tuple(t.shape[len(s) :])
            rows.append(_core.reshape(_core.broadcast_to(t, batch + inner), (-1, *inner)))
        results = []
        for i in range(rows[0].shape[0] if rows else 1):
            here, named = list(args), dict(kwargs)
            for p, r in zip(places, rows):
                if isinstance(p, str):
                    named[p] = r[i]
                else:
                    here[p] = r[i]
            results.append(_tensors(pyfunc(*here, **named)))
        if not results:
            raise ValueError("vectorize: there are no elements")
        return tree.map_structure(
            lambda t: _core.reshape(t, batch + tuple(t.shape[1:])), _stacked(results)
        )

    return wrapped
