"""Losses beside the comparisons with Keras: formulas by hand, masks, errors, losses in Python."""

import inspect

import numpy as np
import pytest

import lamina
from gradients import check_gradient, tensor64
from lamina import layers, losses, ops

rng = np.random.default_rng(7)
P = rng.uniform(0.1, 0.9, (5, 4))
Y = rng.normal(size=(5, 4))
BITS = rng.integers(0, 2, (5, 4))
LABELS = rng.integers(0, 4, 5)
ONE_HOT = np.eye(4)[LABELS]
SHARES = P / P.sum(-1, keepdims=True)
UNIT = Y[:, :3] / np.linalg.norm(Y[:, :3], axis=-1, keepdims=True)


def entropy(t, p):
    return -(t * np.log(p) + (1 - t) * np.log(1 - p))


def circle_by_hand(labels, y, gamma=80, m=0.4):
    out = []
    for i, (label, e) in enumerate(zip(labels, y)):
        d = np.maximum(1 - y @ e, 0)
        same = (labels == label) & (np.arange(len(y)) != i)
        p = -gamma * (m + d) * (m - d)
        q = gamma * np.maximum(1 + m - d, 0) * (1 - m - d)
        sums = [np.log(np.exp(s[k]).sum()) if k.any() else -np.inf
                for s, k in ((p, same), (q, labels != label))]  # fmt: skip
        out.append(np.logaddexp(0, sum(sums)))
    return np.array(out)


# (name, arguments, targets, outputs, what call() gives by hand)
ROWS = [
    ("MeanSquaredError", {}, P, Y, ((P - Y) ** 2).mean(-1)),
    ("MeanAbsoluteError", {}, P, Y, np.abs(P - Y).mean(-1)),
    ("MeanAbsolutePercentageError", {}, P, Y, 100 * np.abs((P - Y) / P).mean(-1)),
    ("MeanSquaredLogarithmicError", {}, P, SHARES,
     ((np.log1p(P) - np.log1p(SHARES)) ** 2).mean(-1)),
    ("Huber", {"delta": 0.5}, P, Y,
     np.where(np.abs(P - Y) <= 0.5, (P - Y) ** 2 / 2, 0.5 * np.abs(P - Y) - 0.125).mean(-1)),
    ("LogCosh", {}, P, Y, np.log(np.cosh(P - Y)).mean(-1)),
    ("CosineSimilarity", {"axis": 0}, P, Y,
     -(P * Y).sum(0) / np.linalg.norm(P, axis=0) / np.linalg.norm(Y, axis=0)),
    ("Hinge", {}, BITS, Y, np.maximum(1 - (2 * BITS - 1) * Y, 0).mean(-1)),
    ("SquaredHinge", {}, BITS * 2 - 1, Y, (np.maximum(1 - (2 * BITS - 1) * Y, 0) ** 2).mean(-1)),
    ("CategoricalHinge", {}, ONE_HOT, Y,
     np.maximum(((1 - ONE_HOT) * Y).max(-1) - (ONE_HOT * Y).sum(-1) + 1, 0)),
    ("KLDivergence", {}, P, SHARES, (P * np.log(P / SHARES)).sum(-1)),
    ("Poisson", {}, BITS, P, (P - BITS * np.log(P + 1e-7)).mean(-1)),
    ("BinaryCrossentropy", {}, BITS, P, entropy(BITS, P).mean(-1)),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, BITS, Y,
     entropy(BITS * 0.8 + 0.1, 1 / (1 + np.exp(-Y))).mean(-1)),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.3, "gamma": 3.0},
     BITS, P,
     (np.where(BITS, 0.3, 0.7) * np.where(BITS, 1 - P, P) ** 3 * entropy(BITS, P)).mean(-1)),
    ("CategoricalCrossentropy", {"axis": 0}, ONE_HOT, P, -(ONE_HOT * np.log(P / P.sum(0))).sum(0)),
    ("CategoricalFocalCrossentropy", {"alpha": 0.5, "gamma": 1.5}, ONE_HOT, SHARES,
     -(0.5 * (1 - SHARES) ** 1.5 * ONE_HOT * np.log(SHARES)).sum(-1)),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, LABELS, SHARES,
     (1 - SHARES[np.arange(5), LABELS] ** 0.7) / 0.7),
    ("SparseCategoricalCrossentropy", {}, LABELS, SHARES, -np.log(SHARES[np.arange(5), LABELS])),
    ("SparseCategoricalCrossentropy", {"ignore_class": int(LABELS[0])}, LABELS, SHARES,
     np.where(LABELS == LABELS[0], 0, -np.log(SHARES[np.arange(5), LABELS]))),
    ("CTC", {}, np.array([[1], [2]]), np.log([[[0.2, 0.5, 0.3]] * 2, [[0.6, 0.1, 0.3]] * 2]),
     -np.log([0.5 * 0.5 + 2 * 0.2 * 0.5, 0.3 * 0.3 + 2 * 0.6 * 0.3])),
    ("Dice", {"axis": -1}, BITS, P,
     1 - 2 * (BITS * P).sum(-1) / (BITS.sum(-1) + P.sum(-1) + 1e-7)),
    ("Tversky", {"alpha": 0.2, "beta": 0.6}, BITS, P,
     1 - (BITS * P).sum() / ((BITS * P).sum() + 0.2 * (BITS * (1 - P)).sum()
                             + 0.6 * ((1 - BITS) * P).sum() + 1e-7)),
    ("Circle", {"gamma": 4.0}, np.array([0, 0, 1, 1, 1]), UNIT,
     circle_by_hand(np.array([0, 0, 1, 1, 1]), UNIT, gamma=4)),
]  # fmt: skip
each_row = pytest.mark.parametrize(
    "name, kwargs, t, y, expected", ROWS, ids=[f"{r[0]}-{i}" for i, r in enumerate(ROWS)]
)


def test_every_loss_has_a_row_and_a_docstring():
    assert set(losses._classes) == {r[0] for r in ROWS}
    for name in losses.__all__:
        assert inspect.getdoc(getattr(losses, name)), name


@each_row
def test_values_by_hand(name, kwargs, t, y, expected):
    loss = getattr(losses, name)(**kwargs, dtype="float64", reduction=None)
    np.testing.assert_allclose(loss(t, y).numpy(), expected, rtol=1e-9, atol=1e-12)
    function = lamina._core.to_snake_case(name)
    function = "categorical_generalized_cross_entropy" if "Generalized" in name else function
    values = getattr(losses, {"ctc": "ctc"}.get(function, function))(t, y, **kwargs)
    np.testing.assert_allclose(values.numpy(), expected, rtol=1e-9, atol=1e-12)


@each_row
def test_gradients(name, kwargs, t, y, expected):
    loss = getattr(losses, name)(**kwargs, dtype="float64")
    check_gradient(lambda p: loss(t, p), y, tolerance=1e-5)


@each_row
def test_configs(name, kwargs, t, y, expected):
    loss = getattr(losses, name)(**kwargs, name="mine", reduction="sum")
    config = loss.get_config()
    assert config["name"] == "mine" and config["reduction"] == "sum"
    assert kwargs.items() <= config.items()
    again = losses.deserialize(losses.serialize(loss))
    assert type(again) is type(loss) and again.get_config() == config
    assert again(t, y).item() == loss(t, y).item()


@each_row
def test_three_captured_steps_equal_eager_ones(name, kwargs, t, y, expected):
    if name in ("CTC", "CosineSimilarity", "CategoricalCrossentropy"):
        kwargs = {}
    x, results = rng.normal(size=(len(t), 6)).astype("float32"), []
    for eager in (True, False):
        lamina.utils.set_random_seed(3)
        head = [layers.Dense(y.shape[-1], activation="softmax")]
        if name == "CTC":
            head = [layers.Dense(15), layers.Reshape((5, 3))]
        model = lamina.Sequential([lamina.Input((6,)), *head])
        model.compile("sgd", getattr(losses, name)(**kwargs), run_eagerly=eager)
        history = model.fit(x, t, epochs=3, batch_size=len(t), verbose=0).history["loss"]
        results.append((history, model.get_weights()))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-5)
    for a, b in zip(*(r[1] for r in results)):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_reductions_with_weights():
    t, y, w = np.zeros((3, 2)), np.array([[1.0, 1], [2, 2], [3, 3]]), [1.0, 0.0, 0.5]
    values = np.array([1, 4, 9.0]) * w
    for reduction, expected in {
        "sum": values.sum(),
        "mean": values.sum() / 3,
        "sum_over_batch_size": values.sum() / 3,
        "mean_with_sample_weight": values.sum() / 1.5,
    }.items():
        assert losses.MeanSquaredError(reduction)(t, y, w).item() == pytest.approx(expected)
    np.testing.assert_allclose(losses.MeanSquaredError("none")(t, y, w).numpy(), values)
    assert losses.MeanSquaredError(None).reduction == "none"
    # Weights of the first axis of a loss with more.
    sequence = losses.MeanSquaredError("none")(np.zeros((2, 3, 4)), np.ones((2, 3, 4)), [1.0, 2.0])
    np.testing.assert_allclose(sequence.numpy(), [[1] * 3, [2] * 3])


def test_ignored_classes_do_not_count_in_a_mean():
    t, y = np.array([0, 1, 2, 2]), np.full((4, 3), 1 / 3)
    loss = losses.SparseCategoricalCrossentropy(ignore_class=2)
    assert loss(t, y).item() == pytest.approx(np.log(3))
    assert loss([2, 2, 2, 2], y).item() == 0
    weighted = losses.SparseCategoricalCrossentropy(
        ignore_class=2, reduction="mean_with_sample_weight"
    )
    assert weighted(t, y, [1.0, 3.0, 5.0, 7.0]).item() == pytest.approx(np.log(3))
    grad = tensor64(y, requires_grad=True)
    losses.SparseCategoricalCrossentropy(ignore_class=2)(t, grad).backward()
    assert (grad.grad.numpy()[2:] == 0).all() and (grad.grad.numpy()[:2] != 0).any()


def test_names():
    assert losses.get(None) is None
    assert losses.get("mse") is losses.mean_squared_error is losses.mse is losses.MSE
    assert isinstance(losses.get("Dice"), losses.Dice)
    assert losses.get(losses.Huber).name == "huber_loss"
    again = losses.get({"class_name": "Huber", "config": {"delta": 2.0}})
    assert isinstance(again, losses.Huber) and again.get_config()["delta"] == 2
    assert losses.deserialize(losses.serialize(losses.mae)) is losses.mae
    assert str(inspect.signature(losses.huber)) == "(y_true, y_pred, delta=1.0)"
    for name in ("mse", "Tversky", "huber_loss", "kld", "categorical_generalized_cross_entropy"):
        lamina._core.make_loss(name)
    with pytest.raises(ValueError, match="loss identifier: msee; there are"):
        losses.get("msee")


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"reduction must be .* received 'median'"):
        losses.MeanSquaredError(reduction="median")
    with pytest.raises(ValueError, match=r"MeanSquaredError: y_true of shape .*4, 3.* y_pred"):
        losses.MeanSquaredError()(np.zeros((4, 3)), np.zeros((4, 2)))
    with pytest.raises(ValueError, match=r"sample_weight of shape .*3.* does not fit"):
        losses.MeanSquaredError()(np.zeros((4, 3)), np.zeros((4, 3)), [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="label 4 of sample 1 is outside"):
        losses.SparseCategoricalCrossentropy()([1, 4], np.full((2, 4), 0.25))
    with pytest.raises(ValueError, match="expected targets of shape"):
        losses.SparseCategoricalCrossentropy()([1, 2, 3], np.full((2, 4), 0.25))
    with pytest.raises(ValueError, match=r"label_smoothing must lie in \[0, 1\], received 2"):
        losses.BinaryCrossentropy(label_smoothing=2)
    with pytest.raises(ValueError, match=r"q must lie in the interval \(0, 1\), received 1"):
        losses.CategoricalGeneralizedCrossEntropy(q=1)
    with pytest.raises(ValueError, match="CTC: expected integer targets"):
        losses.CTC()([1, 2], np.zeros((2, 5, 3)))
    with pytest.raises(ValueError, match="CTC: expected logits"):
        losses.CTC()([[1], [2]], np.zeros((2, 5)))
    with pytest.raises(ValueError, match="Circle: 3 labels for 2 embeddings"):
        losses.Circle()([1, 2, 3], np.zeros((2, 5)))
    with pytest.raises(TypeError, match="Huber: unexpected argument 'omega'"):
        losses.Huber(omega=1)
    with pytest.raises(NotImplementedError, match="Mine must define call"):
        type("Mine", (losses.Loss,), {})()([1.0], [2.0])


def test_ctc_errors_and_labels_that_do_not_fit():
    x = np.zeros((2, 3, 4), "float32")
    with pytest.raises(ValueError, match=r"label 4 of sample 1 is outside \[0, 4\)"):
        ops.ctc_loss([[1, 2], [3, 4]], x, [2, 2], [3, 3])
    with pytest.raises(ValueError, match="mask_index must lie in"):
        ops.ctc_loss([[1], [2]], x, [1, 1], [3, 3], mask_index=4)
    with pytest.raises(ValueError, match="expected lengths of shape"):
        ops.ctc_loss([[1], [2]], x, [1], [3, 3])
    with pytest.raises(ValueError, match="expected target"):
        ops.ctc_loss([[1]], x, [1, 1], [3, 3])
    with pytest.raises(ValueError, match="strategy must be"):
        ops.ctc_decode(x, [3, 3], strategy="best")
    # Two equal labels need three steps: one is missing, as in Keras, at a price of 1e5.
    loss = ops.ctc_loss([[1, 1]] * 2, x, [2, 2], [3, 2]).numpy()
    assert loss[0] == pytest.approx(3 * np.log(4), rel=1e-5)
    assert loss[1] == pytest.approx(1e5, rel=1e-2)
    y = tensor64(x, requires_grad=True)
    ops.sum(ops.ctc_loss([[1, 1]] * 2, y, [2, 2], [3, 2])).backward()
    assert np.isfinite(y.grad.numpy()).all() and (y.grad.numpy()[1, 2] == 0).all()


def test_ctc_is_the_same_for_any_number_of_threads():
    before = lamina.config.num_threads()
    x = rng.normal(size=(64, 40, 12)).astype("float32")
    t = rng.integers(1, 12, (64, 10))
    seen = set()
    for threads in (1, 2, 4):
        lamina.config.set_num_threads(threads)
        y = lamina.tensor(x, requires_grad=True)
        loss = ops.ctc_loss(t, y, [10] * 64, [40] * 64)
        ops.sum(loss).backward()
        seen.add(loss.numpy().tobytes() + y.grad.numpy().tobytes())
    lamina.config.set_num_threads(before)
    assert len(seen) == 1


@lamina.saving.register_keras_serializable("tests_losses")
class Asymmetric(losses.Loss):
    """Errors above the target cost more."""

    def __init__(self, factor=2.0, name="asymmetric", **kwargs):
        super().__init__(name=name, **kwargs)
        self.factor = factor

    def call(self, y_true, y_pred):
        assert y_true.dtype == "float32"
        error = y_pred - y_true
        return ops.mean(ops.maximum(error * self.factor, -error), -1)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@lamina.saving.register_keras_serializable("tests_losses")
class Doubled(losses.MeanSquaredError):
    def call(self, y_true, y_pred):
        return 2 * super().call(y_true, y_pred)


@lamina.saving.register_keras_serializable("tests_losses")
def fourth_power(y_true, y_pred):
    return ops.mean((y_true - y_pred) ** 4, -1)


@pytest.mark.parametrize(
    "loss",
    [
        Asymmetric(3.0),
        Doubled(),
        fourth_power,
        losses.LossFunctionWrapper(fourth_power, name="fourth"),
        losses.huber,
        "Dice",
    ],
    ids=["subclass", "of a native class", "function", "wrapper", "named function", "class name"],
)
def test_losses_in_python_train_save_and_load(loss, tmp_path):
    x = rng.normal(size=(8, 3)).astype("float32")
    y = (x[:, :2] > 0).astype("int32")
    model = lamina.Sequential([lamina.Input((3,)), layers.Dense(2, activation="sigmoid")])
    model.compile("sgd", loss)
    model.fit(x, y, epochs=2, verbose=0)
    model.save(tmp_path / "m.safetensors")
    again = lamina.load(tmp_path / "m.safetensors")
    expected = model.evaluate(x, y, verbose=0)
    assert again.evaluate(x, y, verbose=0) == expected
    outputs = model.predict(x, verbose=0)
    values = losses.get(loss)(y.astype("float32"), outputs)
    assert ops.mean(values).item() == pytest.approx(expected, rel=1e-5)
    for m in (model, again):
        m.fit(x, y, epochs=1, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_config_of_losses_in_python():
    again = losses.deserialize(losses.serialize(Asymmetric(3.0)))
    assert isinstance(again, Asymmetric) and again.factor == 3
    wrapper = losses.LossFunctionWrapper(losses.huber, delta=0.5, reduction="sum")
    again = losses.deserialize(losses.serialize(wrapper))
    assert again.get_config() == wrapper.get_config()
    assert again([0.0], [2.0]).item() == pytest.approx(0.5 * 2 - 0.125)
    assert Doubled()([[0.0]], [[2.0]]).item() == 8
