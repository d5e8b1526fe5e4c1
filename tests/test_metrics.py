"""Metrics beside the comparisons with Keras: values by hand, metrics in Python, errors."""

import inspect

import numpy as np
import pytest

import lamina
from lamina import layers, losses, metrics, ops

rng = np.random.default_rng(11)
EYE = np.eye(3)

# (name, arguments, updates, result): small enough to see.
ROWS = [
    ("Mean", {}, [([1.0, 3.0],), ([[5.0, 7.0]],)], (1 + 3 + 6) / 3),
    ("Sum", {}, [([1.0, 3.0], [1.0, 0.5]), ([5.0],)], 7.5),
    ("Accuracy", {}, [([1, 2], [1, 3]), ([4, 4], [4, 4], [1.0, 0.0])], 2 / 3),
    ("BinaryAccuracy", {"threshold": 0.6}, [([1, 0, 1, 0], [0.7, 0.3, 0.6, 0.9])], 0.5),
    ("CategoricalAccuracy", {}, [(EYE[[0, 2]], [[0.9, 0, 0.1], [0.5, 0, 0.4]])], 0.5),
    ("SparseCategoricalAccuracy", {}, [([0, 2], [[0.9, 0, 0.1], [0.5, 0, 0.4]], [0.25, 0.75])],
     0.25),
    ("TopKCategoricalAccuracy", {"k": 2}, [(EYE[[1, 2]], [[0.9, 0, 0.1], [0.5, 0, 0.4]])], 0.5),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True},
     [([1, 2], [[1, 0, 2], [0, 1, 2]])], 0.5),
    ("TruePositives", {}, [([0, 1, 1, 1], [1, 0, 1, 1]), ([1], [0.6], [0.5])], 2.5),
    ("TrueNegatives", {"thresholds": [0.2, 0.5]}, [([0, 0, 1], [0.1, 0.3, 0])], [1, 2]),
    ("FalsePositives", {}, [([0, 0, 1], [1, 1, 0])], 2),
    ("FalseNegatives", {}, [([0, 1, 1], [1, 0.4, 0])], 2),
    ("Precision", {"top_k": 1}, [([[0, 1], [1, 0]], [[0.1, 0.2], [0.3, 0.9]])], 0.5),
    ("Recall", {"class_id": 1}, [([[0, 1], [1, 1]], [[0.1, 0.2], [0.3, 0.9]])], 0.5),
    ("SensitivityAtSpecificity", {"specificity": 0.5},
     [([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])], 0.5),
    ("SpecificityAtSensitivity", {"sensitivity": 0.5},
     [([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])], 2 / 3),
    ("PrecisionAtRecall", {"recall": 0.5}, [([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])], 0.5),
    ("RecallAtPrecision", {"precision": 0.8}, [([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])], 0.5),
    ("AUC", {"num_thresholds": 3}, [([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])], 0.75),
    ("F1Score", {"threshold": 0.5},
     [([[1, 1, 1], [1, 0, 0], [1, 1, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0]])],
     [0.5, 0.8, 2 / 3]),
    ("FBetaScore", {"beta": 2.0, "average": "micro"}, [(EYE, EYE[[0, 0, 2]])], 2 / 3),
    ("IoU", {"num_classes": 2, "target_class_ids": [0]}, [([0, 0, 1, 1], [0, 1, 0, 1])], 1 / 3),
    ("BinaryIoU", {"threshold": 0.3}, [([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])], 1 / 3),
    ("MeanIoU", {"num_classes": 3, "ignore_class": 2}, [([0, 0, 1, 2], [0, 1, 1, 0])], 0.5),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [0, 2]}, [(EYE, EYE[[0, 0, 2]])], 0.75),
    ("OneHotMeanIoU", {"num_classes": 3}, [(EYE, EYE[[0, 0, 2]])], 0.5),
    ("R2Score", {}, [([[1.0], [4]], [[2.0], [4]]), ([[3.0]], [[4.0]])], 4 / 7),
    ("RootMeanSquaredError", {}, [([[0, 1], [0, 0]], [[1, 1], [0, 0]])], 0.5),
    ("PearsonCorrelation", {}, [([[1.0, 2, 3]], [[2.0, 4, 6]]), ([[1.0, 2]], [[2.0, 1]])], 0),
    ("ConcordanceCorrelation", {}, [([[1.0, 2, 3]], [[1.0, 2, 3]])], 1),
    ("CosineSimilarity", {}, [([[0, 1.0], [1, 1]], [[1.0, 0], [1, 1]])], 0.5),
    ("LogCoshError", {}, [([[0, 1.0]], [[1.0, 1]])], np.log(np.cosh(1)) / 2),
    ("MeanSquaredError", {}, [([[0, 1.0]], [[2.0, 1]]), ([[0, 0.0]], [[0, 0.0]], [3.0])], 0.5),
    ("MeanAbsoluteError", {}, [([[0, 1.0]], [[3.0, 1]])], 1.5),
    ("MeanAbsolutePercentageError", {}, [([[2.0, 1]], [[3.0, 1]])], 25),
    ("MeanSquaredLogarithmicError", {}, [([[np.e - 1]], [[np.e**3 - 1]])], 4),
    ("Hinge", {}, [([[0, 1]], [[0.5, 0.5]])], 1),
    ("SquaredHinge", {}, [([[0, 1]], [[0.5, 0.5]])], (1.5**2 + 0.5**2) / 2),
    ("CategoricalHinge", {}, [([[0, 1]], [[0.5, 1]])], 0.5),
    ("KLDivergence", {}, [([[0.5, 0.5]], [[0.25, 0.75]])], 0.5 * np.log(2) + 0.5 * np.log(2 / 3)),
    ("Poisson", {}, [([[1.0]], [[np.e]])], np.e - 1),
    ("BinaryCrossentropy", {}, [([[0, 1]], [[0.5, 0.25]])], 1.5 * np.log(2)),
    ("CategoricalCrossentropy", {}, [(EYE[[1]], [[0.25, 0.5, 0.25]])], np.log(2)),
    ("SparseCategoricalCrossentropy", {}, [([1], [[0.25, 0.5, 0.25]])], np.log(2)),
]  # fmt: skip
each_row = pytest.mark.parametrize("name, kwargs, updates, result", ROWS, ids=[r[0] for r in ROWS])


def updated(metric, updates):
    for args in updates:
        metric.update_state(*args)
    return metric


def test_every_metric_has_a_row_and_a_docstring():
    assert set(metrics._classes) == {r[0] for r in ROWS}
    for name in metrics.__all__:
        assert inspect.getdoc(getattr(metrics, name)), name


@each_row
def test_results_by_hand(name, kwargs, updates, result):
    metric = updated(getattr(metrics, name)(**kwargs), updates)
    np.testing.assert_allclose(metric.result().numpy(), result, rtol=1e-5, atol=1e-6)
    metric.reset_state()
    assert all((v.numpy() == 0).all() for v in metric.variables) and metric.variables
    updated(metric, updates)
    np.testing.assert_allclose(metric.result().numpy(), result, rtol=1e-5, atol=1e-6)


@each_row
def test_configs(name, kwargs, updates, result):
    metric = getattr(metrics, name)(**kwargs, name="mine")
    config = metric.get_config()
    assert config["name"] == "mine" and kwargs.items() <= config.items()
    again = metrics.deserialize(metrics.serialize(metric))
    assert type(again) is type(metric) and again.get_config() == config
    double = getattr(metrics, name)(**kwargs, dtype="float64")
    assert double.dtype == double.get_config()["dtype"] == "float64"
    updated(double, updates)
    assert {v.dtype for v in double.variables} == {"float64"}
    np.testing.assert_allclose(double.result().numpy(), result, rtol=1e-6, atol=2e-7)


@each_row
def test_a_captured_update_equals_an_eager_one(name, kwargs, updates, result):
    metric = getattr(metrics, name)(**kwargs)
    step = lamina.function(lambda *args: (metric.update_state(*args), metric.result())[1])
    for args in updates:
        got = step(*[np.asarray(a, "float32") for a in args])
    np.testing.assert_allclose(got.numpy(), result, rtol=1e-5, atol=1e-6)


@each_row
def test_stateless_updates(name, kwargs, updates, result):
    metric = updated(getattr(metrics, name)(**kwargs), updates[:1])
    before = [v.numpy() for v in metric.variables]
    state = metric.stateless_reset_state()
    assert all((v.numpy() == 0).all() for v in state)
    for args in updates:
        state = metric.stateless_update_state(state, *args)
    np.testing.assert_allclose(metric.stateless_result(state).numpy(), result, rtol=1e-5, atol=1e-6)
    for a, b in zip(metric.variables, before):
        np.testing.assert_array_equal(a.numpy(), b)
    with pytest.raises(ValueError, match=f"values of {len(before)} variables"):
        metric.stateless_update_state([*state, state[0]], *updates[0])


def test_thresholds_between_which_outputs_lie_are_counted_like_all_others():
    """Evenly spaced thresholds are counted by buckets, others by comparisons."""
    t, y, w = rng.integers(0, 2, 500), rng.uniform(size=500), rng.uniform(size=500)
    limits = np.linspace(0, 1, 21)[1:-1]
    even, uneven = metrics.AUC(thresholds=limits), metrics.AUC(thresholds=[*limits, 0.501])
    for m in (even, uneven):
        m.update_state(t, y, w)
    for a, b in zip(even.variables, uneven.variables):
        np.testing.assert_allclose(a.numpy(), np.delete(b.numpy(), 11), rtol=1e-4, atol=1e-3)


def test_auc_comes_close_to_the_exact_area():
    t = rng.integers(0, 2, 400)
    y = np.clip(rng.normal(size=400) * 0.2 + 0.4 + 0.15 * t, 0, 1)
    auc = metrics.AUC(num_thresholds=2000)
    auc.update_state(t, y)
    exact = (y[t == 1][:, None] > y[t == 0]).mean()
    assert auc.result().item() == pytest.approx(exact, abs=2e-3)
    nan = metrics.AUC()
    nan.update_state([0, 1], [np.nan, 0.5])  # neither an error nor a write out of bounds
    assert np.isfinite(nan.result().item())


def test_label_weights_of_auc():
    t, y = rng.integers(0, 2, (40, 2)), rng.uniform(size=(40, 2))
    each = [updated(metrics.AUC(), [(t[:, i], y[:, i])]).result().item() for i in range(2)]
    both = metrics.AUC(multi_label=True, label_weights=[1.0, 3.0])
    both.update_state(t, y)
    assert both.result().item() == pytest.approx((each[0] + 3 * each[1]) / 4, rel=1e-5)
    assert both.get_config()["label_weights"] == [1.0, 3.0]
    flat = metrics.AUC(label_weights=[1.0, 0.0])
    flat.update_state(t, y)
    assert flat.result().item() == pytest.approx(each[0], rel=1e-5)


def test_names():
    assert metrics.get(None) is None
    assert isinstance(metrics.get("mse"), metrics.MeanSquaredError)
    assert isinstance(metrics.get("AUC"), metrics.AUC)
    assert isinstance(metrics.get("top_k_categorical_accuracy"), metrics.TopKCategoricalAccuracy)
    assert isinstance(metrics.get(metrics.Recall), metrics.Recall)
    again = metrics.get({"class_name": "Precision", "config": {"thresholds": 0.3}})
    assert again.get_config()["thresholds"] == 0.3
    assert metrics.mean_squared_error is losses.mean_squared_error is metrics.MSE
    assert str(inspect.signature(metrics.binary_accuracy)) == "(y_true, y_pred, threshold=0.5)"
    assert [metrics.AUC().name, metrics.MeanIoU(2).name] == ["auc", "mean_io_u"]
    with pytest.raises(
        ValueError, match="metric identifier: precission; there are mean, sum, accuracy"
    ):
        metrics.get("precission")


def test_bad_arguments_are_named():
    cases = [
        (lambda: metrics.AUC(curve="RC"), "curve must be one of ROC, PR, PRGAIN; received 'RC'"),
        (lambda: metrics.AUC(summation_method="up"), "summation_method must be one of"),
        (lambda: metrics.AUC(num_thresholds=1), "num_thresholds must be at least 2"),
        (lambda: metrics.AUC(num_labels=2), "only when multi_label is True"),
        (lambda: metrics.Precision(thresholds=[0.5, 1.5]), r"lie in \[0, 1\], received 1.5"),
        (lambda: metrics.RecallAtPrecision(1.2), r"precision must lie in \[0, 1\], received 1.2"),
        (lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=0), "num_thresholds must be pos"),
        (lambda: metrics.SensitivityAtSpecificity(), "missing argument 'specificity'"),
        (lambda: metrics.F1Score(average="mean"), "average must be .* received 'mean'"),
        (lambda: metrics.FBetaScore(beta=0.0), "beta must be positive, received 0"),
        (lambda: metrics.FBetaScore(threshold=2.0), r"threshold must lie in \(0, 1\], received 2"),
        (lambda: metrics.IoU(2, [0, 2]), r"class id 2 is out of range, which is \[0, 2\)"),
        (lambda: metrics.MeanIoU(0), "num_classes must be positive"),
        (lambda: metrics.R2Score("sum"), "class_aggregation must be"),
        (lambda: metrics.R2Score(num_regressors=-1), "num_regressors must not be negative"),
        (lambda: metrics.F1Score().update_state([1, 0], [1, 0]), r"expected .* \(batch, classes\)"),
        (lambda: metrics.AUC(multi_label=True).update_state([1], [0.5]), r"\(batch, labels\)"),
        (lambda: metrics.Precision(class_id=1).update_state([1], [0.5]), "class_id needs y_pred"),
        (lambda: metrics.Recall(class_id=2).update_state([[1, 0]], [[1, 0]]), "class_id 2 is out"),
        (lambda: metrics.AUC().update_state([1, 0, 1], [[0.5, 0.5]]), "AUC: y_true of shape"),
        (
            lambda: metrics.Mean().update_state([1.0, 2], [1.0, 2, 3]),
            "Mean: sample_weight of shape",
        ),
        (lambda: metrics.MeanIoU(2).update_state([1, 0], [1]), "does not fit y_pred"),
        (
            lambda: metrics.SparseCategoricalAccuracy().update_state([1, 0], [[1.0, 0]]),
            "SparseCategoricalAccuracy: y_true of shape",
        ),
        (
            lambda: metrics.SparseTopKCategoricalAccuracy(1).update_state([5], [[1.0, 0]]),
            "index",
        ),
    ]
    for make, message in cases:
        with pytest.raises((ValueError, IndexError), match=message):
            make()
    with pytest.raises(TypeError, match="AUC: unexpected argument 'points'"):
        metrics.AUC(points=3)
    with pytest.raises(TypeError, match=r"Mean\.update_state: unexpected argument 'weight'"):
        metrics.Mean().update_state([1.0], weight=2.0)
    with pytest.raises(TypeError, match=r"AUC\.update_state: expected y_pred"):
        metrics.AUC().update_state([1.0])
    with pytest.raises(NotImplementedError, match=r"Mine must define update_state\(\)"):
        type("Mine", (metrics.Metric,), {})().update_state([1.0], [2.0])


@lamina.saving.register_keras_serializable("tests_metrics")
class Positives(metrics.Metric):
    """Keras's guide: true positives, counted in a variable."""

    def __init__(self, name="positives", bonus=0.0, **kwargs):
        super().__init__(name=name, **kwargs)
        self.bonus = bonus
        self.total = self.add_weight(name="total", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        hits = ops.cast(ops.logical_and(y_true > 0.5, y_pred > 0.5), "float32")
        if sample_weight is not None:
            hits = hits * ops.cast(sample_weight, "float32")
        self.total.assign_add(ops.sum(hits))

    def result(self):
        return self.total + self.bonus

    def get_config(self):
        return {**super().get_config(), "bonus": self.bonus}


@lamina.saving.register_keras_serializable("tests_metrics")
class Distance(metrics.Mean):
    """A native metric with another update."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(ops.abs(y_true - y_pred), sample_weight)


class Pair(metrics.Metric):
    """Metrics inside of a metric."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts = [metrics.Mean(), metrics.Sum()]
        self.extra = self.add_variable((2,), "ones", name="extra")

    def update_state(self, y_true, y_pred, sample_weight=None):
        for m in self.parts:
            m.update_state(y_pred, sample_weight)

    def result(self):
        return self.parts[0].result() + self.parts[1].result()


def test_metrics_in_python():
    m = Positives()
    assert m(np.array([1, 1, 0]), np.array([0.9, 0.2, 0.8])).item() == 1
    m.update_state(np.array([1, 1]), np.array([0.9, 0.8]), [1.0, 0.5])
    assert m.result().item() == 2.5 and m.name == "positives" and repr(m)
    m.reset_state()
    assert m.result().item() == 0 and len(m.variables) == 1
    again = metrics.deserialize(metrics.serialize(Positives(bonus=2.0)))
    assert isinstance(again, Positives) and again.bonus == 2
    d = Distance(name="d")
    d.update_state(np.array([[1.0]]), np.array([[3.0]]))
    assert d.result().item() == 2 and d.name == "d" and len(d.variables) == 2
    d.reset_state()
    assert d.result().item() == 0
    pair = Pair()
    assert pair.name == "pair" and len(pair.variables) == 4
    np.testing.assert_array_equal(pair.extra.numpy(), [1, 1])
    assert pair([0, 0], [1.0, 3.0]).item() == 6
    pair.reset_state()
    assert pair.result().item() == 0 and (pair.extra.numpy() == 0).all()
    wrapper = metrics.MeanMetricWrapper(losses.huber, name="h", delta=0.5)
    wrapper.update_state([[0.0]], [[2.0]])
    assert wrapper.result().item() == pytest.approx(0.5 * 2 - 0.125)
    assert metrics.deserialize(metrics.serialize(wrapper)).get_config() == wrapper.get_config()


@lamina.saving.register_keras_serializable("tests_metrics")
def largest_error(y_true, y_pred):
    return ops.max(ops.abs(y_true - y_pred), -1)


def test_metrics_in_training_save_and_load(tmp_path):
    x = rng.normal(size=(20, 3)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    given = [
        "accuracy", "mae", metrics.AUC(), metrics.Precision(), metrics.BinaryIoU(),
        metrics.MeanMetricWrapper(losses.huber, name="h", delta=0.5), Positives(),
        Distance(name="d"), largest_error, metrics.binary_accuracy,
        metrics.F1Score(average="micro", threshold=0.5),
    ]  # fmt: skip
    names = [
        "accuracy", "mae", "auc", "precision", "binary_io_u", "h", "positives", "d",
        "largest_error", "binary_accuracy", "f1_score",
    ]  # fmt: skip
    model = lamina.Sequential([lamina.Input((3,)), layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "bce", metrics=given, weighted_metrics=[metrics.MeanSquaredError()])
    w = rng.uniform(0.5, 2, 20).astype("float32")
    history = model.fit(x, y, sample_weight=w, batch_size=6, epochs=2, verbose=0).history
    assert list(history) == ["loss", *names, "mean_squared_error"]
    logs = model.evaluate(x, y, sample_weight=w, batch_size=7, verbose=0, return_dict=True)
    p = model.predict(x, verbose=0)
    assert logs["mae"] == logs["d"] == pytest.approx(np.abs(p - y).mean(), rel=1e-5)
    assert logs["largest_error"] == pytest.approx(np.abs(p - y).mean(), rel=1e-5)
    assert logs["positives"] == ((p > 0.5) & (y > 0)).sum()
    assert logs["accuracy"] == logs["binary_accuracy"] == pytest.approx(((p > 0.5) == y).mean())
    squares = (w[:, None] * (p - y) ** 2).sum() / w.sum()
    assert logs["mean_squared_error"] == pytest.approx(squares, rel=1e-5)
    model.save(tmp_path / "m.safetensors")
    again = lamina.load(tmp_path / "m.safetensors")
    assert again.evaluate(
        x, y, sample_weight=w, batch_size=7, verbose=0, return_dict=True
    ) == pytest.approx(logs)
    model.compile("sgd", "bce", metrics=given[:5], run_eagerly=True)
    eager = model.evaluate(x, y, batch_size=7, verbose=0, return_dict=True)
    for key in names[:5]:
        assert eager[key] == pytest.approx(logs[key], rel=1e-5)


def test_results_of_several_numbers_are_arrays_in_the_logs(capsys):
    x, y = rng.normal(size=(20, 4)).astype("float32"), EYE[rng.integers(0, 3, 20)]
    model = lamina.Sequential([lamina.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "mse", metrics=[metrics.F1Score(), metrics.Precision([0.3, 0.6])])
    history = model.fit(x, y, epochs=2, validation_data=(x, y), verbose=2).history
    assert [v.shape for v in history["f1_score"]] == [(3,)] * 2
    logs = model.evaluate(x, y, verbose=1, return_dict=True)
    expected = metrics.F1Score()
    expected.update_state(y, model.predict(x, verbose=0))
    np.testing.assert_allclose(logs["f1_score"], expected.result().numpy(), rtol=1e-5)
    np.testing.assert_array_equal(history["val_precision"][-1], logs["precision"])
    assert "f1_score: [" in capsys.readouterr().out
