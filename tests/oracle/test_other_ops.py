"""Operations that are no rows: they ask about tensors, take functions, or give what only a
property describes."""

import keras
import numpy as np
import pytest

import lamina
from oracle.support import COVERED, close, integers, real

BOTH = (lamina, keras)
COVERED.update(
    ("ops", name)
    for name in (
        "cond custom_gradient dtype eig eigh empty is_tensor ndim polar shape size sparsemax "
        "vectorize view_as_real view_as_complex image.elastic_transform"
    ).split()
)
COVERED.update({("activations", "sparsemax"), ("backend", "is_keras_tensor")})


@pytest.mark.parametrize("x", [real(2, 3), integers(4), np.float32(2.0), real(1, 0, 2), 3, [1.5]])
def test_questions(x):
    tensors = [k.ops.convert_to_tensor(x) for k in BOTH]
    for name in ("shape", "ndim", "size", "is_tensor"):
        ours, theirs = (getattr(k.ops, name)(t) for k, t in zip(BOTH, tensors))
        as_plain = (np.asarray(v).tolist() if name != "shape" else tuple(v) for v in (ours, theirs))
        assert len(set(map(str, as_plain))) == 1, name
    assert lamina.ops.dtype(tensors[0]) == keras.ops.dtype(tensors[1])
    assert lamina.ops.is_tensor(x) == keras.ops.is_tensor(x)
    assert lamina.backend.is_keras_tensor(tensors[0]) is keras.backend.is_keras_tensor(tensors[1])


def test_questions_about_symbols():
    for k in BOTH:
        x = k.Input((3, None), dtype="int32")
        assert tuple(k.ops.shape(x)) == (None, 3, None)
        assert k.ops.dtype(x) == "int32"


def test_empty():
    for kwargs in ({}, {"dtype": "int32"}, {"dtype": "bool"}):
        ours, theirs = (k.ops.empty((2, 3), **kwargs) for k in BOTH)
        assert tuple(ours.shape) == tuple(theirs.shape)
        assert ours.dtype == keras.backend.standardize_dtype(theirs.dtype)


def test_cond():
    for pred in (True, False):
        for k in BOTH:
            x = k.ops.convert_to_tensor(real(3))
            got = k.ops.cond(k.ops.convert_to_tensor(pred), lambda x=x: x * 2, lambda x=x: x + 1)
            close(k.ops.convert_to_numpy(got), real(3) * 2 if pred else real(3) + 1)


def test_custom_gradient():
    import jax

    def make(k):
        @k.ops.custom_gradient
        def f(x):
            def grad(*args, upstream=None):
                if upstream is None:
                    (upstream,) = args
                return 3.0 * upstream * k.ops.sin(x)

            return k.ops.exp(x), grad

        return f

    x = real(5)
    theirs, gradient = jax.value_and_grad(lambda x: make(keras)(x).sum())(x)
    t = lamina.tensor(x, requires_grad=True)
    y = lamina.ops.sum(make(lamina)(t))
    close(y, theirs)
    close(lamina._core.gradients([y], [t], [], False), [gradient])


def test_vectorize():
    def first(a, b):
        return a - b

    for k in BOTH:
        f = k.ops.vectorize(first)
        close(k.ops.convert_to_numpy(f(real(3, 1), real(4))), real(3, 1) - real(4))
        g = k.ops.vectorize(lambda a, b, k=k: k.ops.sum(a * b), signature="(n),(n)->()")
        got = k.ops.convert_to_numpy(g(real(2, 3), real(3)))
        close(got, (real(2, 3) * real(3)).sum(-1))
        h = k.ops.vectorize(lambda a, n: a * n, excluded={1})
        close(k.ops.convert_to_numpy(h(real(4), 3.0)), real(4) * 3)


def test_eigenvalues():
    a = real(2, 4, 4)
    symmetric = a + a.transpose(0, 2, 1)
    ours, theirs = ([k.ops.convert_to_numpy(t) for t in k.ops.eigh(symmetric)] for k in BOTH)
    close(ours[0], theirs[0], 1e-5, "eigenvalues")
    close(np.abs(ours[1]), np.abs(theirs[1]), 1e-4, "eigenvectors, whose signs are anything")
    # Similar to a diagonal matrix, so that the eigenvalues are real; complex ones are refused.
    m = np.linalg.inv(a[0]) @ np.diag(np.float32([1, 2, 4, 8])) @ a[0]
    ours, theirs = ([k.ops.convert_to_numpy(t) for t in k.ops.eig(m)] for k in BOTH)
    orders = [np.argsort(w.real) for w, _ in (ours, theirs)]
    close(ours[0][orders[0]], theirs[0].real[orders[1]], 1e-4, "eigenvalues")
    vectors = [np.abs(v[:, o]) for (_, v), o in zip((ours, theirs), orders)]
    close(*vectors, 1e-3, "eigenvectors")
    with pytest.raises(NotImplementedError, match="complex"):
        lamina.ops.eig(np.float32([[0, 1], [-1, 0]]))


def test_complex_numbers_as_pairs():
    """Keras's complex tensors are pairs of real ones here."""
    r, angle = real(3, 2, low=0.1, high=2.0), real(3, 2)
    ours, theirs = (k.ops.polar(r, angle) for k in BOTH)
    theirs = np.asarray(theirs)
    close(ours, (theirs.real, theirs.imag))
    close(lamina.ops.view_as_real(ours), keras.ops.view_as_real(theirs))
    x = real(3, 2)
    z = np.asarray(keras.ops.view_as_complex(x))
    close(lamina.ops.view_as_complex(x), (z.real, z.imag))
    close(lamina.ops.angle(ours), keras.ops.angle(theirs), 1e-5)


def test_sparsemax():
    """Keras's is right where one share is not zero; elsewhere its shares do not add up to one."""
    x = real(3, 5) * np.float32([[8], [9], [7]])
    x[:, 2] += 3
    alone = np.sort(x)[:, -1] - np.sort(x)[:, -2] > 1
    assert alone.any()
    for function in ("ops.sparsemax", "ops.nn.sparsemax", "activations.sparsemax"):
        ours, theirs = lamina, keras
        for part in function.split("."):
            ours, theirs = getattr(ours, part), getattr(theirs, part)
        close(ours(x).numpy()[alone], np.asarray(theirs(x))[alone])
        close(ours(real(3, 5)).numpy().sum(-1), np.ones(3, "float32"))
        close(ours(x, axis=0).numpy().sum(0), np.ones(5, "float32"))


def test_elastic_transform():
    """With no displacement the image; else of the same size as Keras's, drawn otherwise."""
    x = real(2, 32, 32, 1)
    for kwargs in ({}, {"interpolation": "nearest"}, {"fill_mode": "constant"}):
        ours, theirs = (k.ops.image.elastic_transform(x, 0.0, **kwargs) for k in BOTH)
        close(ours, theirs)
    # The displacement of a ramp is what moves its values.
    ramp = np.broadcast_to(np.arange(64, dtype="float32"), (8, 64, 64))[..., None].copy()
    moved = [
        k.ops.convert_to_numpy(
            k.ops.image.elastic_transform(ramp, 2.0, 2.0, fill_mode="nearest", seed=3)
        )
        - ramp
        for k in BOTH
    ]
    inside = [m[:, 12:-12, 12:-12] for m in moved]
    assert inside[0].std() == pytest.approx(inside[1].std(), rel=0.1)
    assert abs(inside[0].mean() - inside[1].mean()) < 0.1


def test_is_tensor_of_symbols():
    for k in BOTH:
        assert k.backend.is_keras_tensor(k.Input((2,)))
