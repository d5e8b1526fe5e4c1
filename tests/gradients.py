"""Derivatives by backward against central differences in float64 along random directions."""

import numpy as np
import pytest

import lamina
from lamina import ops


def tensor64(a, **options):
    return lamina.tensor(a, dtype="float64", **options)


def check_gradient(f, *arrays, tolerance=1e-6, h=1e-6):
    """d sum(w f) / d direction for a random w, for each array of floating point; f returns a tensor
    or a list of them."""
    rng = np.random.default_rng(5)
    floating = [np.issubdtype(np.asarray(a).dtype, np.floating) for a in arrays]
    inputs = [tensor64(a, requires_grad=True) if d else a for a, d in zip(arrays, floating)]

    def outputs(args):
        out = f(*args)
        return [t for t in (out if isinstance(out, (list, tuple)) else [out]) if "float" in t.dtype]

    out = outputs(inputs)
    weights = [rng.normal(size=t.shape) for t in out]
    total = ops.sum(out[0] * weights[0])
    for t, w in zip(out[1:], weights[1:]):
        total = total + ops.sum(t * w)
    total.backward()
    for i, a in enumerate(arrays):
        if not floating[i]:
            continue
        direction = rng.normal(size=np.shape(a))

        def moved(step, i=i, direction=direction):
            args = [tensor64(b) if d else b for b, d in zip(arrays, floating)]
            args[i] = args[i] + step * direction
            return sum(float((t.numpy() * w).sum()) for t, w in zip(outputs(args), weights))

        numeric = (moved(h) - moved(-h)) / (2 * h)
        gradient = inputs[i].grad
        analytic = 0.0 if gradient is None else float((gradient.numpy() * direction).sum())
        assert analytic == pytest.approx(numeric, rel=tolerance, abs=tolerance), f"input {i}"
