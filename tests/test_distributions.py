"""Random numbers against the moments of their distributions."""

import numpy as np
import pytest

import lamina
from lamina import random

N = 200_000


def check(x, mean, variance):
    assert abs(x.mean() - mean) < 6 * np.sqrt(variance / N)
    assert x.var() == pytest.approx(variance, rel=0.03)


@pytest.mark.parametrize("alpha", [0.3, 1.0, 4.5])
def test_gamma(alpha):
    check(random.gamma((N,), alpha, seed=1).numpy(), alpha, alpha)


def test_parameters_are_broadcast():
    x = random.gamma((N // 2, 2), [0.5, 8.0], seed=2).numpy()
    assert x.mean(0) == pytest.approx([0.5, 8.0], rel=0.02)
    assert random.beta((3, 2), np.ones((3, 1)), 2.0).shape == (3, 2)


@pytest.mark.parametrize("a, b", [(0.5, 0.5), (2.0, 5.0)])
def test_beta(a, b):
    x = random.beta((N,), a, b, seed=3).numpy()
    assert x.min() >= 0 and x.max() <= 1
    check(x, a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1)))


@pytest.mark.parametrize("n, p", [(1, 0.3), (12, 0.9), (40, 0.5), (1000, 0.02), (5000, 0.7)])
def test_binomial(n, p):
    x = random.binomial((N,), n, p, seed=4).numpy()
    assert x.min() >= 0 and x.max() <= n and (x == np.floor(x)).all()
    check(x, n * p, n * p * (1 - p))


def test_binomial_frequencies():
    """Both algorithms against the probabilities, by chi squared."""
    from math import comb

    for n, p in ((12, 0.5), (30, 0.45)):
        x = random.binomial((N,), n, p, seed=5).numpy().astype(int)
        expected = np.array([comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]) * N
        seen = np.bincount(x, minlength=n + 1)
        common = expected > 20
        chi = ((seen - expected) ** 2 / expected)[common].sum()
        assert chi < common.sum() + 6 * np.sqrt(2 * common.sum())
    edges = random.binomial((3,), [0, 5, 5], [0.5, 0.0, 1.0]).tolist()
    assert edges == [0, 0, 5]


def test_seeds():
    a, b = (random.beta((5,), 2.0, 3.0, seed=7).tolist() for _ in range(2))
    assert a == b
    g = random.SeedGenerator(7, name="mine")
    a, b = (random.binomial((50,), 9, 0.5, seed=g).tolist() for _ in range(2))
    assert a != b
    again = random.SeedGenerator.from_config(g.get_config())
    assert again.get_config() == {"seed": 7, "name": "mine"}
    assert again.next().tolist() == [7, 0] and again.next().tolist() == [7, 1]
    with pytest.raises(ValueError, match="seed"):
        random.normal((2,), seed="seven")


def test_threads_do_not_matter():
    before = lamina._core.num_threads()
    draws = []
    for n in (1, 2):
        lamina._core.set_num_threads(n)
        draws.append(random.binomial((10_000,), 30, 0.4, seed=1).numpy())
    lamina._core.set_num_threads(before)
    np.testing.assert_array_equal(*draws)


def test_dropout_shares_its_noise():
    x = np.ones((200, 3, 5), "float32")
    y = random.dropout(x, 0.5, (None, 1, 5), seed=1).numpy()
    assert (y == y[:, :1]).all() and {*y.ravel().tolist()} == {0.0, 2.0}
    assert random.dropout(x, 1.0).numpy().sum() == 0
