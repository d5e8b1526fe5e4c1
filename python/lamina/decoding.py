"""Decoding: sequences of tokens from a model that gives the logits of the next one.

`next(tokens)` is any callable, such as a model, that takes all tokens so far, int32 `(n, length)`,
and returns logits `(n, vocabulary)`, or `(n, length, vocabulary)` of which the last position
counts. For models that remember, pass `states`: `next(tokens, states)` then takes the tokens that
are new (the prompt first, then one for each row) and returns `(logits, states)`. States are any
nested structure of arrays with n rows (recurrent states, a cache, encoded sources), and of numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamina import tree
from lamina._core import decoding as _core
from lamina.ops import ctc_decode

__all__ = ["beam_search", "ctc_decode", "greedy", "probabilities", "sample"]


def _flat(next: Callable, states: Any) -> tuple[Callable, list | None]:
    """The same with states in a flat list, as C++ keeps them."""
    if states is None:
        return next, None

    structure = states

    def flat_next(tokens: Any, leaves: list) -> tuple[Any, list]:
        nonlocal structure
        logits, structure = next(tokens, tree.pack_sequence_as(structure, leaves))
        return logits, tree.flatten(structure)

    return flat_next, tree.flatten(states)


def _rows(prompt: Any) -> tuple[Any, bool]:
    """The prompt as rows, and whether it was one row alone."""
    from lamina import ops

    prompt = ops.convert_to_tensor(prompt)
    return (prompt[None], True) if prompt.ndim == 1 else (prompt, False)


def greedy(
    next: Callable,
    prompt: Any,
    max_new_tokens: int = 100,
    end_token: int | None = None,
    states: Any = None,
) -> list:
    """Takes the likeliest token at each step.

    Args:
        next: Gives logits; see `lamina.decoding`.
        prompt: The first tokens, integers `(length,)` or `(n, length)`.
        max_new_tokens: How many follow at most.
        end_token: Ends a sequence.
        states: Of models that remember, at the start.

    Returns:
        The tokens after the prompt, without the end token: a list, or one for each row.

    Raises:
        ValueError: The prompt or what `next` returns has a wrong shape, or logits hold a NaN.

    Example:

    >>> import numpy as np
    >>> from lamina import decoding
    >>> def next(tokens):  # one more than the token before
    ...     return np.eye(6, dtype="float32")[np.asarray(tokens)[:, -1] + 1]
    >>> decoding.greedy(next, [1], end_token=5)
    [2, 3, 4]
    """
    prompt, single = _rows(prompt)
    next, states = _flat(next, states)
    out = _core.greedy(next, prompt, max_new_tokens, end_token, states)
    return out[0] if single else out


def sample(
    next: Callable,
    prompt: Any,
    max_new_tokens: int = 100,
    end_token: int | None = None,
    states: Any = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: Any = None,
) -> list:
    """Draws tokens by their probabilities (see `probabilities`).

    Args:
        next: Gives logits; see `lamina.decoding`.
        prompt: The first tokens, integers `(length,)` or `(n, length)`.
        max_new_tokens: How many follow at most.
        end_token: Ends a sequence.
        states: Of models that remember, at the start.
        temperature: Logits are divided by it; below 1 likely tokens become likelier.
        top_k: Draw from the k likeliest tokens only.
        top_p: Draw from the fewest of these that have probability p together
            ([Holtzman et al., 2020](https://arxiv.org/abs/1904.09751)).
        seed: An integer, for the same tokens each time, or a `lamina.random.SeedGenerator`.

    Returns:
        The tokens after the prompt, without the end token: a list, or one for each row.

    Raises:
        ValueError: An option is out of its range, or as for `greedy`.

    Example:

    >>> import numpy as np
    >>> from lamina import decoding
    >>> def next(tokens):
    ...     return np.zeros((len(tokens), 6), "float32")
    >>> a = decoding.sample(next, [0], 8, seed=3)
    >>> len(a), a == decoding.sample(next, [0], 8, seed=3)
    (8, True)
    """
    prompt, single = _rows(prompt)
    next, states = _flat(next, states)
    out = _core.sample(
        next, prompt, max_new_tokens, end_token, states, temperature, top_k, top_p, seed
    )
    return out[0] if single else out


def beam_search(
    next: Callable,
    prompt: Any,
    max_new_tokens: int = 100,
    end_token: int | None = None,
    states: Any = None,
    beam_width: int = 4,
    top_paths: int = 1,
    length_penalty: float = 0.0,
) -> list:
    """Looks for the likeliest sequences, of which it keeps `beam_width` from step to step.

    score = sum of log-probabilities / tokens ** length_penalty, the end token counted

    Args:
        next: Gives logits; see `lamina.decoding`. It is called with `n * beam_width` rows, of which
            `beam_width` after each other belong to one row of the prompt. States are repeated so,
            and rearranged from step to step.
        prompt: The first tokens, integers `(length,)` or `(n, length)`.
        max_new_tokens: How many follow at most.
        end_token: Ends a sequence.
        states: Of models that remember, at the start, for the n rows of the prompt.
        beam_width: Sequences kept.
        top_paths: Sequences returned.
        length_penalty: Above 0 favours longer sequences.

    Returns:
        A list of `(tokens, score)`, best first, with the tokens after the prompt and without the
        end token; for n rows a list of such lists.

    Raises:
        ValueError: An option is out of its range, or as for `greedy`.

    Example:

    >>> import numpy as np
    >>> from lamina import decoding
    >>> def next(tokens):  # greedy takes 0 first; 1 leads to a likelier pair
    ...     if tokens.shape[1] == 1:
    ...         return np.log([[0.6, 0.4]] * len(tokens))
    ...     return np.log(np.array([[0.5, 0.5], [0.1, 0.9]])[np.asarray(tokens)[:, -1]])
    >>> for tokens, score in decoding.beam_search(next, [0], 2, beam_width=2, top_paths=2):
    ...     print(tokens, round(float(np.exp(score)), 2))
    [1, 1] 0.36
    [0, 0] 0.3
    """
    prompt, single = _rows(prompt)
    next, states = _flat(next, states)
    out = _core.beam_search(
        next, prompt, max_new_tokens, end_token, states, beam_width, top_paths, length_penalty
    )
    return out[0] if single else out


def probabilities(
    logits: Any,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Any:
    """What `sample` draws from: softmax(logits / temperature) of the tokens that may come.

    Args:
        logits: `(n, vocabulary)`.
        temperature: Logits are divided by it.
        top_k: All but the k likeliest tokens have probability 0.
        top_p: So have all but the fewest of these that have probability p together.

    Returns:
        Probabilities of the shape of `logits`.

    Raises:
        ValueError: An option is out of its range, or the shape is wrong.

    Example:

    >>> import numpy as np
    >>> from lamina import decoding
    >>> p = decoding.probabilities(np.log([[0.5, 0.3, 0.2]]), top_p=0.7)
    >>> p.numpy().round(3).tolist()
    [[0.625, 0.375, 0.0]]
    """
    return _core.probabilities(logits, temperature, top_k, top_p)
