"""Classes of one's own: written once, run under both packages."""

import re

import keras
import numpy as np
import pytest

import lamina
from oracle.support import COVERED, close, real

BOTH = (lamina, keras)
X, Y = real(16, 3), real(16, 2)

COVERED.update(
    {
        ("layers", "Layer"),
        ("layers", "Wrapper"),
        ("layers", "Lambda"),
        ("losses", "Loss"),
        ("metrics", "Metric"),
        ("metrics", "MeanMetricWrapper"),
        ("optimizers", "Optimizer"),
        ("optimizers", "OptimizerMap"),
        ("optimizers.schedules", "LearningRateSchedule"),
        ("initializers", "Initializer"),
        ("regularizers", "Regularizer"),
        ("constraints", "Constraint"),
        ("models", "Model"),
        ("models", "Sequential"),
    }
)


def classes(k):
    """One class of each kind, of package k."""

    class Ramp(k.initializers.Initializer):
        def __init__(self, step=0.1):
            self.step = step

        def __call__(self, shape, dtype=None, **kwargs):
            n = int(np.prod(shape))
            return k.ops.reshape(k.ops.arange(n, dtype="float32") * self.step - 0.3, shape)

        def get_config(self):
            return {"step": self.step}

    class Cubes(k.regularizers.Regularizer):
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, x):
            return self.factor * k.ops.sum(k.ops.abs(x) ** 3)

        def get_config(self):
            return {"factor": self.factor}

    class Below(k.constraints.Constraint):
        def __init__(self, limit):
            self.limit = limit

        def __call__(self, w):
            return k.ops.clip(w, -self.limit, self.limit)

        def get_config(self):
            return {"limit": self.limit}

    class Affine(k.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape):
            self.kernel = self.add_weight(
                shape=(input_shape[-1], self.units), initializer=Ramp(), regularizer=Cubes(0.01),
                constraint=Below(0.6), name="kernel",
            )  # fmt: skip
            self.shift = self.add_weight(shape=(self.units,), initializer="zeros", name="shift")
            self.calls = self.add_weight(
                shape=(), initializer="zeros", trainable=False, name="calls"
            )

        def call(self, x, training=False):
            if training:
                self.calls.assign_add(1.0)
            self.add_loss(0.001 * k.ops.mean(k.ops.square(x)))
            return k.ops.matmul(x, self.kernel) + self.shift

        def compute_output_shape(self, input_shape):
            return (*input_shape[:-1], self.units)

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    class Twice(k.layers.Wrapper):
        def call(self, x):
            return 2 * self.layer(x)

    class Quartic(k.losses.Loss):
        def __init__(self, factor=1.0, name="quartic", **kwargs):
            super().__init__(name=name, **kwargs)
            self.factor = factor

        def call(self, y_true, y_pred):
            return self.factor * k.ops.mean((y_true - y_pred) ** 4, axis=-1)

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    class Largest(k.metrics.Metric):
        def __init__(self, name="largest", **kwargs):
            super().__init__(name=name, **kwargs)
            self.largest = self.add_variable(shape=(), initializer="zeros", name="largest")

        def update_state(self, y_true, y_pred, sample_weight=None):
            error = k.ops.max(k.ops.abs(y_true - y_pred))
            self.largest.assign(k.ops.maximum(self.largest, error))

        def result(self):
            return self.largest + 0.0

    class Decay(k.optimizers.schedules.LearningRateSchedule):
        def __init__(self, rate):
            self.rate = rate

        def __call__(self, step):
            return self.rate / (1.0 + k.ops.cast(step, "float32"))

        def get_config(self):
            return {"rate": self.rate}

    class Signs(k.optimizers.Optimizer):
        def build(self, variables):
            super().build(variables)
            self.seen = [self.add_variable_from_reference(v, name="seen") for v in variables]

        def update_step(self, gradient, variable, learning_rate):
            rate = k.ops.cast(learning_rate, variable.dtype)
            seen = self.seen[self._get_variable_index(variable)]
            self.assign(seen, 0.5 * seen + k.ops.sign(gradient))
            self.assign_sub(variable, rate * seen)

    return {c.__name__: c for c in (Ramp, Cubes, Below, Affine, Twice, Quartic, Largest, Decay,
                                    Signs)}  # fmt: skip


OURS, THEIRS = map(classes, BOTH)
EACH = ((lamina, OURS), (keras, THEIRS))


def model_of(k, own):
    inputs = k.Input((3,))
    x = own["Affine"](4, name="first")(inputs)
    x = k.layers.Lambda(lambda t, factor: k.ops.tanh(t) * factor, arguments={"factor": 1.5})(x)
    x = own["Twice"](own["Affine"](2, name="inner"), name="twice")(x)
    model = k.Model(inputs, x)
    model.compile(
        own["Signs"](own["Decay"](0.05), weight_decay=0.01),
        own["Quartic"](0.1),
        metrics=[own["Largest"](), k.metrics.MeanMetricWrapper(k.losses.mean_absolute_error)],
    )
    return model


def test_a_training_with_all_of_them():
    models, histories = [], []
    for k, own in EACH:
        model = model_of(k, own)
        models.append(model)
        histories.append(
            model.fit(X, Y, batch_size=4, epochs=3, shuffle=False, verbose=0,
                      validation_data=(X[:6], Y[:6]))
        )  # fmt: skip
    ours, theirs = histories
    assert sorted(ours.history) == sorted(theirs.history)
    for name, values in theirs.history.items():
        close(np.float32(ours.history[name]), np.float32(values), 1e-5, name)
    for a, b in zip(models[0].weights, models[1].weights):
        assert a.path.split("/")[-1] == b.path.split("/")[-1] and a.trainable == b.trainable
        close(a, b, 1e-5, a.path)
    assert float(models[0].get_layer("first").calls.numpy()) == 12
    for name in ("first", "twice"):
        a, b = (m.get_layer(name) for m in models)
        assert a.count_params() == b.count_params()
    a, b = (m.get_layer("first").compute_output_shape((5, 3)) for m in models)
    assert tuple(a) == tuple(b) == (5, 4)
    for moment in ("after fit", "after a call"):
        close(*(np.float32(sum(float(x) for x in m.losses)) for m in models), 1e-5, moment)
        for m in models:
            m(X)
    close(*(m.evaluate(X, Y, batch_size=8, verbose=0) for m in models))
    close(*(m.predict(X, batch_size=8, verbose=0) for m in models))


@pytest.mark.parametrize(
    "name, args, kwargs",
    [
        ("Ramp", (0.2,), {}),
        ("Cubes", (0.2,), {}),
        ("Below", (0.2,), {}),
        ("Quartic", (), {"factor": 3.0, "reduction": "sum"}),
        ("Largest", (), {}),
        ("Decay", (0.5,), {}),
        ("Affine", (3,), {"name": "mine"}),
    ],
)
def test_configs(name, args, kwargs):
    from oracle.base import normalized

    ours, theirs = (own[name](*args, **kwargs) for _, own in EACH)
    assert normalized(ours.get_config()) == normalized(theirs.get_config())
    again = type(ours).from_config(ours.get_config())
    assert type(again) is type(ours) and again.get_config() == ours.get_config()


def test_losses_of_ones_own():
    for reduction in ("sum_over_batch_size", "sum", "none", "mean"):
        ours, theirs = (own["Quartic"](2.0, reduction=reduction) for _, own in EACH)
        weights = real(16, low=0.1, high=1.0)
        for w in (None, weights):
            close(ours(Y, X[:, :2], w), theirs(Y, X[:, :2], w), 1e-5, str(reduction))
        assert ours.reduction == theirs.reduction and ours.name == theirs.name

    def error(y_true, y_pred, factor):
        return factor * abs(y_true - y_pred)

    wrapped = lamina.losses.LossFunctionWrapper(error, factor=3.0)  # not public in Keras
    close(wrapped(Y, X[:, :2]), np.float32(3 * np.abs(Y - X[:, :2]).mean()))
    assert wrapped.name == "error"


def test_metrics_of_ones_own():
    for k, own in EACH:
        metric = own["Largest"]()
        metric.update_state(Y, X[:, :2])
        assert float(metric.result()) == pytest.approx(float(np.abs(Y - X[:, :2]).max()))
        assert [tuple(v.shape) for v in metric.variables] == [()]
        metric.reset_state()
        assert float(metric.result()) == 0
        mean = k.metrics.MeanMetricWrapper(lambda t, p: abs(t - p), name="distance")
        mean.update_state(Y, X[:, :2], real(16, low=0.1, high=1.0))
        w = real(16, low=0.1, high=1.0)
        expected = float((np.abs(Y - X[:, :2]) * w[:, None]).sum() / (2 * w.sum()))
        assert float(mean.result()) == pytest.approx(expected, rel=1e-5)
        assert mean.name == "distance"


def test_optimizer_map():
    for k in BOTH:
        sgd, adam = k.optimizers.SGD(0.1), k.optimizers.Adam(0.2)
        parts = k.optimizers.OptimizerMap(sgd, {"encoder/.*": adam})
        assert parts["encoder/dense/kernel"] is adam and parts["decoder/kernel"] is sgd
        assert len(parts) == 1 and list(parts) == ["encoder/.*"]
        with pytest.raises(ValueError):
            parts["encoder/.*"] = sgd
        parts["encoder/dense/.*"] = sgd
        with pytest.raises(ValueError, match="Multiple optimizers"):
            parts["encoder/dense/kernel"]
        del parts["encoder/dense/.*"]
        config = parts.get_config()
        assert set(config) == {"default_optimizer", "optimizer_map"}
        again = k.optimizers.OptimizerMap.from_config(config)
        assert type(again["encoder/x"]) is type(adam) and type(again["x"]) is type(sgd)


def test_models_of_ones_own():
    """A subclass of Model, and a Sequential that grows."""
    outputs = []
    for k, own in EACH:

        class Net(k.Model):
            def __init__(self, own=own, **kwargs):
                super().__init__(**kwargs)
                self.first = own["Affine"](4)
                self.second = own["Affine"](2)

            def call(self, x, training=False):
                return self.second(self.first(x, training=training), training=training)

        net = Net()
        net.compile("sgd", "mse", metrics=["mae"])
        history = net.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0)
        grown = k.Sequential()
        grown.add(k.Input((3,)))
        grown.add(own["Affine"](2))
        grown.add(k.layers.Activation("tanh"))
        grown.pop()
        outputs.append([history.history, net.predict(X, verbose=0), grown(X), len(grown.layers)])
    assert sorted(outputs[0][0]) == sorted(outputs[1][0])
    for name in outputs[1][0]:
        close(np.float32(outputs[0][0][name]), np.float32(outputs[1][0][name]), 1e-5, name)
    for a, b in zip(outputs[0][1:3], outputs[1][1:3]):
        close(a, b)
    assert outputs[0][3] == outputs[1][3]


def test_what_scripts_read_of_a_model():
    seen = []
    for k, own in EACH:
        model = model_of(k, own)
        assert model.jit_compile and not model.run_eagerly
        model.fit(X, Y, batch_size=8, shuffle=False, verbose=0)
        results = {  # Keras counts the metrics of other models
            re.sub(r"_\d+$", "", n): float(v) for n, v in model.get_metrics_result().items()
        }
        layer, store = model.get_layer("first"), {}
        layer.save_own_variables(store)
        layer.load_own_variables({n: 2 * np.asarray(v) for n, v in store.items()})
        seen.append((results, store, layer.get_weights()))
        assert layer.metrics_variables == []
        model.compile("sgd", "mse", run_eagerly=True)
        assert model.run_eagerly and not model.jit_compile
    (ours, our_store, our_weights), (theirs, their_store, their_weights) = seen
    assert sorted(ours) == sorted(theirs) and list(our_store) == list(their_store)
    close(
        [np.float32(ours[n]) for n in sorted(ours)], [np.float32(theirs[n]) for n in sorted(ours)]
    )
    close(our_weights, their_weights)
