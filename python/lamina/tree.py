"""Nested structures of lists, tuples, named tuples and dicts, with the names of `keras.tree`.

Anything else is a leaf, None too. A dict is walked in the order of its sorted keys, an OrderedDict
in its own.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator
from typing import Any


class MAP_TO_NONE:
    """What a function returns to `traverse` to put None in a place."""


def is_nested(structure: Any) -> bool:
    """Whether it is a list, tuple, dict or deque rather than a leaf.

    Example:

    >>> import lamina
    >>> lamina.tree.is_nested({"a": 1}), lamina.tree.is_nested(1)
    (True, False)
    """
    return isinstance(structure, (list, tuple, dict, collections.deque))


def _items(structure: Any) -> list[tuple[Any, Any]]:
    """(key, child) pairs, in the order of the walk."""
    if isinstance(structure, collections.OrderedDict):
        return list(structure.items())
    if isinstance(structure, dict):
        return [(k, structure[k]) for k in sorted(structure)]
    return list(enumerate(structure))


def _like(structure: Any, keys: list, values: list) -> Any:
    """The same kind of container, with other children."""
    if isinstance(structure, dict):
        new = dict(zip(keys, values))
        ordered = [(k, new[k]) for k in structure]
        if isinstance(structure, collections.defaultdict):
            return collections.defaultdict(structure.default_factory, ordered)
        return collections.OrderedDict(ordered) if type(structure) is not dict else dict(ordered)
    if hasattr(structure, "_fields"):  # a named tuple
        return type(structure)(*values)
    if isinstance(structure, collections.deque):
        return collections.deque(values, structure.maxlen)
    return tuple(values) if isinstance(structure, tuple) else list(values)


def flatten_with_path(structure: Any) -> list[tuple[tuple, Any]]:
    """(path, leaf) pairs; a path is the keys and indices on the way to the leaf.

    Example:

    >>> import lamina
    >>> lamina.tree.flatten_with_path([{"a": 4}])
    [((0, 'a'), 4)]
    """
    if not is_nested(structure):
        return [((), structure)]
    return [
        ((key, *path), leaf)
        for key, child in _items(structure)
        for path, leaf in flatten_with_path(child)
    ]


def flatten(structure: Any) -> list:
    """The leaves as a list.

    Example:

    >>> import lamina
    >>> lamina.tree.flatten({"b": [2, 3], "a": (1, None)})
    [1, None, 2, 3]
    """
    return [leaf for _, leaf in flatten_with_path(structure)]


def map_structure(func: Callable, *structures: Any, none_is_leaf: bool = True) -> Any:
    """A structure of what func gives for the leaves.

    Args:
        func: Function of as many leaves as there are structures.
        structures: Structures of the same layout.
        none_is_leaf: Whether func is called for None; otherwise None stays.

    Raises:
        ValueError: The structures differ.

    Example:

    >>> import lamina
    >>> lamina.tree.map_structure(lambda a, b: a + b, [1, (2,)], [3, (4,)])
    [4, (6,)]
    """
    if not callable(func):
        raise TypeError(f"map_structure: expected a function, received {func!r}")
    if not structures:
        raise ValueError("map_structure: expected at least one structure")
    first = structures[0]
    if not is_nested(first):
        if any(is_nested(s) for s in structures):
            raise ValueError("map_structure: structures of different layouts")
        return None if first is None and not none_is_leaf else func(*structures)
    for other in structures[1:]:
        _same_node(first, other, "map_structure")
    keys = [k for k, _ in _items(first)]
    children = zip(*([dict(_items(s))[k] for k in keys] for s in structures))
    return _like(
        first, keys, [map_structure(func, *c, none_is_leaf=none_is_leaf) for c in children]
    )


def _kind(structure: Any) -> Any:
    return dict if isinstance(structure, dict) else type(structure)


def _same_node(a: Any, b: Any, who: str) -> None:
    same = is_nested(b) and _kind(a) is _kind(b)
    if not same or {k for k, _ in _items(a)} != {k for k, _ in _items(b)}:
        raise ValueError(f"{who}: the structures differ: {a!r} and {b!r}")


def map_structure_up_to(shallow_structure: Any, func: Callable, *structures: Any) -> Any:
    """A structure of what func gives for the parts of structures at the leaves of a shallow one.

    Example:

    >>> import lamina
    >>> lamina.tree.map_structure_up_to([0, 0], len, [[1, 2], "abc"])
    [2, 3]
    """
    if not structures:
        raise ValueError("map_structure_up_to: expected at least one structure")
    if not is_nested(shallow_structure):
        return func(*structures)
    for other in structures:
        _same_node(shallow_structure, other, "map_structure_up_to")
    keys = [k for k, _ in _items(shallow_structure)]
    values = [
        map_structure_up_to(child, func, *(dict(_items(s))[key] for s in structures))
        for key, child in _items(shallow_structure)
    ]
    return _like(shallow_structure, keys, values)


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Raise ValueError unless both are nested in the same way, with the same types.

    Args:
        a: Structure.
        b: Structure.
        check_types: Taken for Keras's sake.
    """
    if is_nested(a) != is_nested(b):
        raise ValueError(f"assert_same_structure: the structures differ: {a!r} and {b!r}")
    if is_nested(a):
        _same_node(a, b, "assert_same_structure")
        other = dict(_items(b))
        for key, child in _items(a):
            assert_same_structure(child, other[key])


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise ValueError unless the paths to the leaves are the same, whatever the containers."""
    only_a = {p for p, _ in flatten_with_path(a)}
    only_b = {p for p, _ in flatten_with_path(b)}
    if only_a != only_b:
        raise ValueError(
            f"assert_same_paths: paths of the first alone {sorted(only_a - only_b, key=str)}, of "
            f"the second alone {sorted(only_b - only_a, key=str)}"
        )


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """Leaves put back into the layout of a structure: the inverse of `flatten`.

    Raises:
        ValueError: Too few or too many leaves.

    Example:

    >>> import lamina
    >>> lamina.tree.pack_sequence_as({"b": 0, "a": [0, 0]}, [1, 2, 3])
    {'b': 3, 'a': [1, 2]}
    """
    if not is_nested(flat_sequence):
        raise TypeError(f"pack_sequence_as: expected a sequence, received {flat_sequence!r}")
    count = len(flatten(structure))
    if count != len(flat_sequence):
        raise ValueError(f"pack_sequence_as: expected {count} leaves, received {flat_sequence!r}")
    return _packed(structure, iter(flat_sequence))


def _packed(structure: Any, leaves: Iterator) -> Any:
    if not is_nested(structure):
        return next(leaves)
    items = _items(structure)
    return _like(structure, [k for k, _ in items], [_packed(v, leaves) for _, v in items])


def lists_to_tuples(structure: Any) -> Any:
    """The same with tuples for lists."""
    return traverse(lambda x: tuple(x) if type(x) is list else None, structure, top_down=False)


def map_shape_structure(func: Callable, structure: Any) -> Any:
    """A structure of what func gives for the shapes in it: tuples of integers and None."""

    def is_shape(x: Any) -> bool:
        return isinstance(x, (list, tuple)) and all(d is None or isinstance(d, int) for d in x)

    if is_shape(structure):
        return func(tuple(structure))
    if not is_nested(structure):
        raise ValueError(f"map_shape_structure: expected a shape, received {structure!r}")
    items = _items(structure)
    return _like(structure, [k for k, _ in items], [map_shape_structure(func, v) for _, v in items])


def traverse(func: Callable, structure: Any, top_down: bool = True) -> Any:
    """Walk a structure, parts before or after their children.

    Args:
        func: Function of each part. None means: go on (or leave the part as it is); anything else
            takes the place of the part; `MAP_TO_NONE` puts None there.
        structure: What to walk.
        top_down: Whether parents come first; children of a replaced part are then not visited.

    Returns:
        The structure with its replacements.
    """
    if not callable(func):
        raise TypeError(f"traverse: expected a function, received {func!r}")

    def children(x: Any) -> Any:
        if not is_nested(x):
            return x
        items = _items(x)
        return _like(x, [k for k, _ in items], [traverse(func, v, top_down) for _, v in items])

    if top_down:
        new = func(structure)
        if new is None:
            return children(structure)
    else:
        structure = children(structure)
        new = func(structure)
        if new is None:
            return structure
    return None if new is MAP_TO_NONE else new


__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "traverse",
]
