"""Random numbers: other ones than Keras's, of the same distributions, shapes and dtypes."""

import keras
import numpy as np
import pytest

import lamina
from oracle.support import COVERED, close, real

N = 40_000
DRAWS = {
    "normal": [{}, {"mean": -1.0, "stddev": 3.0}],
    "truncated_normal": [{}, {"mean": 2.0, "stddev": 0.5}],
    "uniform": [{}, {"minval": -2.0, "maxval": 5.0}],
    "randint": [{"minval": -3, "maxval": 9}, {"minval": 0, "maxval": 2}],
    "gamma": [{"alpha": 0.4}, {"alpha": 1.0}, {"alpha": 6.0}],
    "beta": [{"alpha": 0.5, "beta": 0.5}, {"alpha": 2.0, "beta": 7.0}],
    "binomial": [{"counts": 1.0, "probabilities": 0.3}, {"counts": 50.0, "probabilities": 0.45}],
}
CASES = [pytest.param(name, kw, id=f"{name}-{kw}") for name, kws in DRAWS.items() for kw in kws]

COVERED.update(("random", name) for name in DRAWS)
COVERED.add(("utils", "set_random_seed"))
COVERED.update(("random", n) for n in ("SeedGenerator", "categorical", "dropout", "shuffle"))


def distance(a, b):
    """The largest difference of two empirical distribution functions (Kolmogorov, Smirnov)."""
    at = np.concatenate([a, b])
    below = [np.searchsorted(np.sort(x), at, side="right") / x.size for x in (a, b)]
    return np.abs(below[0] - below[1]).max()


def drawn(package, name, seed, shape=(N,), **kwargs):
    values = getattr(package.random, name)(shape, seed=seed, **kwargs)
    return np.asarray(values.numpy() if package is lamina else values)


@pytest.mark.parametrize("name, kwargs", CASES)
def test_distribution(name, kwargs):
    ours, theirs = (drawn(p, name, 3, **kwargs) for p in (lamina, keras))
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
    # Of two samples of one distribution this is more than 2 / sqrt(N) once in 1,500 draws.
    assert distance(ours, theirs) < 2.0 / np.sqrt(N)
    spread = float(theirs.std())
    assert abs(float(ours.mean() - theirs.mean())) < 6 * spread * np.sqrt(2 / N)
    assert float(ours.std()) / spread == pytest.approx(1, abs=0.03)
    if name in ("uniform", "randint", "truncated_normal", "beta"):  # within bounds
        assert abs(float(ours.min() - theirs.min())) < 0.2 * spread
        assert abs(float(ours.max() - theirs.max())) < 0.2 * spread


@pytest.mark.parametrize("name, kwargs", CASES)
@pytest.mark.parametrize("package", [lamina, keras], ids=["lamina", "keras"])
def test_seeds(package, name, kwargs):
    """An integer repeats itself; a generator goes on, and two of one seed go the same way."""
    first, again, other = (drawn(package, name, s, (50,), **kwargs) for s in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    one, two = (package.random.SeedGenerator(7) for _ in range(2))
    a, b, c = (drawn(package, name, g, (50,), **kwargs) for g in (one, one, two))
    assert (a != b).any()
    np.testing.assert_array_equal(a, c)


def test_seed_generator():
    for kwargs in ({"seed": 7}, {"seed": 7, "name": "mine"}):
        ours, theirs = (p.random.SeedGenerator(**kwargs) for p in (lamina, keras))
        assert ours.get_config()["seed"] == theirs.get_config()["seed"] == 7
        assert "name" not in kwargs or ours.get_config() == theirs.get_config()
        assert tuple(ours.state.shape) == tuple(theirs.state.shape)
        for _ in range(3):
            assert ours.next().tolist() == np.asarray(theirs.next()).tolist()
        again = type(ours).from_config(theirs.get_config())
        assert again.next().tolist() == [7, 0]
    for package in (lamina, keras):
        with pytest.raises(ValueError, match="seed"):
            package.random.SeedGenerator("seven")
        with pytest.raises(ValueError):
            package.random.SeedGenerator(1, nonsense=2)
        assert package.random.SeedGenerator().get_config()["seed"] is None


def test_set_random_seed_repeats():
    for package in (lamina, keras):
        draws = []
        for _ in range(2):
            package.utils.set_random_seed(11)
            draws.append(np.asarray(package.ops.convert_to_numpy(package.random.normal((5,)))))
        np.testing.assert_array_equal(*draws)


def test_categorical():
    logits = np.log(np.float32([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]]))
    shares = []
    for package in (lamina, keras):
        x = package.ops.convert_to_numpy(package.random.categorical(logits, N, seed=5))
        assert x.shape == (2, N) and x.dtype == np.int32
        shares.append([np.bincount(row, minlength=3) / N for row in x])
    close(np.float32(shares[0]), np.float32(shares[1]), 0.015, "shares")
    close(np.float32(shares[0]), np.exp(logits), 0.015, "probabilities")


def test_dropout():
    x = real(200, 300, low=0.5, high=2.0)
    for shape in (None, (200, 1), (1, 300)):
        kept = []
        for package in (lamina, keras):
            y = package.ops.convert_to_numpy(package.random.dropout(x, 0.4, shape, seed=3))
            kept.append(y != 0)
            close(y[kept[-1]], (x / 0.6)[kept[-1]], 1e-6, "what is kept")
            if shape is not None:
                axis = shape.index(1)
                assert (kept[-1] == kept[-1].take([0], axis)).all()
        cells = 60_000 if shape is None else max(shape)
        for k in kept:
            assert abs(k.mean() - 0.6) < 5 * np.sqrt(0.24 / cells)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_shuffle(axis):
    """Whole slices change places, as with Keras's other backends; JAX's moves each line."""
    x = np.arange(60).reshape(5, 4, 3)
    for package in (lamina, keras):
        y = package.ops.convert_to_numpy(package.random.shuffle(x, axis, seed=2))
        assert y.shape == x.shape and (y != x).any()
        np.testing.assert_array_equal(np.sort(y, axis), x)
    slices = [np.moveaxis(a, axis, 0) for a in (x, lamina.random.shuffle(x, axis, seed=2).numpy())]
    order = [next(i for i, s in enumerate(slices[0]) if (s == t).all()) for t in slices[1]]
    assert sorted(order) == list(range(x.shape[axis]))
    # Every place is as likely for every element.
    places = np.stack([lamina.random.shuffle(np.arange(4), seed=s).numpy() for s in range(2000)])
    for place in places.T:
        assert np.abs(np.bincount(place, minlength=4) / 2000 - 0.25).max() < 0.05
