"""Initializers, regularizers and constraints: calls, errors, ones of the user's own."""

import numpy as np
import pytest

import lamina
from lamina import constraints, initializers, layers, ops, regularizers


def test_seeds():
    a, b = initializers.HeNormal(seed=7), initializers.HeNormal(seed=7)
    np.testing.assert_array_equal(a((4, 5)).numpy(), b((4, 5)).numpy())
    free = initializers.HeNormal()
    values = free((4, 5)).numpy()
    np.testing.assert_array_equal(free((4, 5)).numpy(), values)  # as in Keras
    assert (free.clone()((4, 5)).numpy() != values).any()
    assert free.get_config()["seed"] is None
    lamina.utils.set_random_seed(1)
    first = initializers.RandomUniform()((3,)).numpy()
    lamina.utils.set_random_seed(1)
    np.testing.assert_array_equal(initializers.RandomUniform()((3,)).numpy(), first)
    assert free((2, 2), dtype="float64").dtype == "float64"


def test_orthogonal_is_orthogonal():
    for shape in ((6, 3), (3, 6), (2, 2, 3, 8), (70, 100), (100, 65)):
        q = initializers.Orthogonal(gain=2.0, seed=1)(shape).numpy().reshape(-1, shape[-1])
        small = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
        np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-5)


def test_constants():
    np.testing.assert_array_equal(initializers.Constant([1, 2])((3, 2)).numpy(), [[1, 2]] * 3)
    table = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(initializers.Constant(table)((3, 2)).numpy(), table)
    again = initializers.deserialize(initializers.serialize(initializers.Constant(table)))
    np.testing.assert_array_equal(again((3, 2)).numpy(), table)
    from_array = initializers.get(table)
    np.testing.assert_array_equal(from_array((3, 2)).numpy(), table)
    with pytest.raises(ValueError, match="shape"):
        from_array((2, 2))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: initializers.VarianceScaling(scale=-1.0), "scale"),
        (lambda: initializers.VarianceScaling(mode="fan"), "mode"),
        (lambda: initializers.VarianceScaling(distribution="cauchy"), "distribution"),
        (lambda: initializers.RandomNormal(seed="x"), "seed"),
        (lambda: initializers.Orthogonal()((3,)), "two-dimensional"),
        (lambda: initializers.Identity()((3,)), "2D"),
        (lambda: initializers.STFT(side="left"), "side"),
        (lambda: initializers.STFT(window="house"), "unknown window"),
        (lambda: initializers.STFT(scaling="half"), "scaling"),
        (lambda: initializers.get("nothing"), "Could not interpret initializer"),
        (lambda: initializers.get(3), "Could not interpret initializer"),
        (lambda: regularizers.L1(-0.1), "non-negative"),
        (lambda: regularizers.L2(float("nan")), "non-negative"),
        (lambda: regularizers.L1L2(l2=float("inf")), "non-negative"),
        (lambda: regularizers.OrthogonalRegularizer(mode="both"), "mode"),
        (lambda: regularizers.OrthogonalRegularizer()(np.ones(3, "float32")), "rank 2"),
        (lambda: regularizers.get("l3"), "Could not interpret regularizer"),
        (lambda: constraints.get("max"), "Could not interpret constraint"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_wrong_names_of_arguments():
    with pytest.raises(TypeError, match="unexpected argument 'sead'"):
        initializers.HeNormal(sead=1)
    with pytest.raises(TypeError, match="given twice"):
        constraints.MaxNorm(1, max_value=2)


def test_ones_own_in_a_layer(tmp_path):
    class Halves(initializers.Initializer):
        def __init__(self, value=0.5):
            self.value = value

        def __call__(self, shape, dtype=None):
            return ops.full(shape, self.value, dtype)

        def get_config(self):
            return {"value": self.value}

    class Cubes(regularizers.Regularizer):
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, x):
            return self.factor * ops.sum(ops.absolute(x) ** 3)

        def get_config(self):
            return {"factor": self.factor}

    class Below(constraints.Constraint):
        def __call__(self, w):
            return ops.minimum(w, 0.6)

    def sevens(shape, dtype=None):
        return 7 * ops.ones(shape, dtype)

    dense = layers.Dense(
        2,
        kernel_initializer=Halves(0.25),
        bias_initializer=sevens,
        kernel_regularizer=Cubes(2.0),
        kernel_constraint=Below(),
    )
    model = lamina.Sequential([lamina.Input((3,)), dense])
    model.compile(lamina.optimizers.SGD(1.0), "mse")
    np.testing.assert_array_equal(dense.weights[0].numpy(), 0.25)
    np.testing.assert_array_equal(dense.weights[1].numpy(), 7)
    assert float(dense.losses[0]) == pytest.approx(2 * 6 * 0.25**3)
    model.fit(np.ones((8, 3), "float32"), np.full((8, 2), 50.0, "float32"), verbose=0)
    assert dense.weights[0].numpy().max() == np.float32(0.6)
    model.save(tmp_path / "m.safetensors")
    again = lamina.load(tmp_path / "m.safetensors")
    assert again.layers[-1].get_config()["kernel_regularizer"]["config"] == {"factor": 2.0}
    assert initializers.get({"class_name": "Halves", "config": {"value": 2.0}}).value == 2.0
    assert isinstance(initializers.deserialize(initializers.serialize(Halves(3.0))), Halves)
    with pytest.raises(NotImplementedError, match="must implement"):
        initializers.Initializer()((2,))
    assert regularizers.Regularizer()(1.0) == 0.0
    assert constraints.Constraint()(1.0) == 1.0


def test_arguments_are_attributes():
    assert initializers.TruncatedNormal(stddev=2.0).stddev == 2.0
    assert regularizers.L1L2(l2=0.5).l1 == 0.0
    assert constraints.MaxNorm(3).max_value == 3
    with pytest.raises(AttributeError, match="nothing"):
        _ = constraints.MaxNorm(3).nothing
