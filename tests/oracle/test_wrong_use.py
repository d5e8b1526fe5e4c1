"""Wrong use: what Keras refuses, lamina refuses, in words that name the place, what was expected
and what came."""

import re

import keras
import numpy as np
import pytest

import lamina


def o(*shape):
    return np.ones(shape, "float32")


def made(k, **kwargs):
    model = k.Sequential([k.Input((3,)), k.layers.Dense(2)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **kwargs})
    return model


def layer(name, *args, **kwargs):
    return lambda k: getattr(k.layers, name)(*args, **kwargs)


def called(name, x, *args, **kwargs):
    return lambda k: getattr(k.layers, name)(*args, **kwargs)(x)


def twice(name, first, second, *args, **kwargs):
    def f(k):
        made = getattr(k.layers, name)(*args, **kwargs)
        made(first)
        made(second)

    return f


X, Y = o(4, 3), o(4, 2)


def fit(x=X, y=Y, **kwargs):
    return lambda k: made(k).fit(x, y, verbose=0, **kwargs)


# What to do, and words of lamina's message: a regular expression.
CASES = {
    # layers: arguments
    "negative units": (layer("Dense", -1), "Dense.*'units' must be positive.*-1"),
    "units of no integer": (layer("Dense", 2.5), "Dense.*'units'.*expected an integer.*2.5"),
    "units as text": (layer("Dense", "3"), "Dense.*'units'.*expected an integer.*'3'"),
    "no units": (layer("Dense"), "Dense.*missing.*'units'"),
    "unknown argument": (layer("Dense", 2, unit=3), "Dense.*'unit'; arguments are units, act"),
    "unknown activation": (
        layer("Dense", 2, activation="rellu"),
        "Could not interpret activation function identifier: rellu",
    ),
    "unknown activation layer": (layer("Activation", "x"), "activation function identifier: x"),
    "unknown initializer": (
        layer("Dense", 2, kernel_initializer="glort"),
        "'kernel_initializer'.*Could not interpret initializer identifier: glort",
    ),
    "unknown regularizer": (
        layer("Dense", 2, kernel_regularizer="l3"),
        "Could not interpret regularizer identifier: l3",
    ),
    "unknown constraint": (
        layer("Dense", 2, bias_constraint="x"),
        "'bias_constraint'.*Could not interpret constraint identifier: x",
    ),
    "no filters": (layer("Conv2D", 0, 3), "Conv2D.*'filters' must be positive.*0"),
    "kernel of 0": (layer("Conv2D", 2, 0), "'kernel_size' must be positive.*0"),
    "kernel of 3 numbers": (layer("Conv2D", 2, (3, 3, 3)), "'kernel_size' needs 1 or 2 .*3"),
    "strides of 0": (layer("Conv2D", 2, 3, strides=0), "'strides' must be positive.*0"),
    "unknown padding": (layer("Conv2D", 2, 3, padding="sam"), "'padding' must be valid or same"),
    "causal in 2D": (layer("Conv2D", 2, 3, padding="causal"), "must be valid or same.*'causal'"),
    "unknown data_format": (layer("Conv2D", 2, 3, data_format="x"), "must be channels_last or"),
    "filters and groups": (layer("Conv2D", 3, 3, groups=2), "3 filters .* 2 groups"),
    "strides and dilation": (
        layer("Conv2D", 2, 3, strides=2, dilation_rate=2),
        "strides > 1.*dilation_rate > 1",
    ),
    "multiplier of 0": (layer("DepthwiseConv2D", 3, depth_multiplier=0), "'depth_multiplier'.*0"),
    "pool of 0": (layer("MaxPooling2D", 0), "MaxPooling2D.*'pool_size' must be positive.*0"),
    "negative strides": (layer("MaxPooling2D", 2, strides=-1), "'strides' must be positive.*-1"),
    "padding of 3 numbers": (layer("ZeroPadding2D", (1, 2, 3)), "'padding'.*\\[1,2,3\\]"),
    "rate above 1": (layer("Dropout", 1.5), "Dropout.*'rate'.*between 0 and 1.*1.5"),
    "negative rate": (layer("Dropout", -0.1), "'rate'.*between 0 and 1.*-0.1"),
    "negative deviation": (layer("GaussianNoise", -1.0), "'stddev'.*-1"),
    "dims from 0": (layer("Permute", (0, 1)), "Permute.*'dims'.*\\[0,1\\]"),
    "empty vocabulary": (layer("Embedding", 0, 3), "Embedding.*'input_dim' must be positive.*0"),
    "no LSTM units": (layer("LSTM", 0), "LSTM.*'units' must be positive.*0"),
    "no heads": (layer("MultiHeadAttention", 0, 2), "'num_heads' must be positive.*0"),
    "unknown merge_mode": (
        lambda k: k.layers.Bidirectional(k.layers.LSTM(2), merge_mode="x"),
        "Bidirectional.*'merge_mode'.*'x'",
    ),
    "negative max_value": (layer("ReLU", max_value=-1.0), "ReLU.*'max_value'.*-1"),
    "slope of None": (layer("LeakyReLU", negative_slope=None), "'negative_slope'.*a number.*null"),
    "one_hot without a number": (layer("CategoryEncoding", output_mode="one_hot"), "num_tokens"),
    "mean alone": (layer("Normalization", mean=1.0), "both `mean` and `variance` must be set"),
    # layers: inputs
    "rank 1": (called("Dense", o(3), 2), "Dense 'dense.*received shape \\(3,\\)"),
    "another last axis": (
        twice("Dense", o(2, 3), o(2, 4), 2),
        "Dense 'dense.*last axis of the input must be 3.*received \\(2, 4\\)",
    ),
    "unknown last axis": (lambda k: k.layers.Dense(2)(k.Input((None,))), "last axis is known"),
    "rank of Conv2D": (called("Conv2D", o(2, 3, 4), 2, 3), "4 axes, received shape \\(2, 3, 4\\)"),
    "other channels": (
        twice("Conv2D", o(1, 5, 5, 3), o(1, 5, 5, 4), 2, 3),
        "expected 3 channels.*\\(1, 5, 5, 4\\)",
    ),
    "groups": (called("Conv2D", o(1, 5, 5, 3), 4, 3, groups=2), "3 channels.*2 groups"),
    "small image": (called("Conv2D", o(1, 2, 2, 3), 2, 3), "conv2d.*smaller than the kernel"),
    "rank of pooling": (called("MaxPooling2D", o(2, 3, 4)), "4 axes, received shape"),
    "rank of global pooling": (called("GlobalAveragePooling2D", o(2, 3)), "4 axes, received"),
    "rank of SpatialDropout2D": (called("SpatialDropout2D", o(2, 3), 0.5), "4 axes, received"),
    "rank of LSTM": (called("LSTM", o(2, 3), 4), "3 axes.*received shape \\(2, 3\\)"),
    "rank of RepeatVector": (called("RepeatVector", o(2, 3, 4), 2), "2 axes, received shape"),
    "large cropping": (called("Cropping2D", o(1, 4, 4, 1), 3), "cropping.*\\(1, 4, 4, 1\\)"),
    "groups of channels": (called("GroupNormalization", o(2, 5), groups=2), "\\(5\\).*\\(2\\)"),
    "size of Reshape": (called("Reshape", o(2, 6), (4, 2)), "\\(2, 6\\).*\\[4,2\\]"),
    "shapes of Concatenate": (
        lambda k: k.layers.Concatenate()([o(2, 3), o(3, 3)]),
        "matching shapes except for the concatenation axis.*\\(2, 3\\), \\(3, 3\\)",
    ),
    "one input for Concatenate": (called("Concatenate", o(2, 3)), "called on a list of inputs"),
    "shapes of Add": (lambda k: k.layers.Add()([o(2, 3), o(2, 4)]), "incompatible shapes"),
    "Subtract of 3": (lambda k: k.layers.Subtract()([o(2, 3)] * 3), "exactly 2 inputs.*3"),
    "axes of Dot": (lambda k: k.layers.Dot(1)([o(2, 3), o(2, 4)]), "incompatible input shapes"),
    "None": (lambda k: k.layers.Dense(2)(None), "expected a tensor, received None"),
    "no input": (lambda k: k.layers.Dense(2)(), "Dense 'dense.*without an input"),
    # optimizers, schedules, losses, metrics
    "learning rate as text": (lambda k: k.optimizers.SGD("fast"), "learning_rate.*fast"),
    "momentum of 2": (lambda k: k.optimizers.SGD(momentum=2.0), "momentum.*\\[0, 1\\].*2"),
    "lr": (lambda k: k.optimizers.Adam(lr=1), "Adam.*'lr'; arguments are learning_rate"),
    "two clippings": (lambda k: k.optimizers.Adam(clipnorm=1.0, clipvalue=1.0), "only one of clip"),
    "averages of 2": (
        lambda k: k.optimizers.Adam(use_ema=True, ema_momentum=2.0),
        "ema_momentum.*\\[0, 1\\].*2",
    ),
    "rates of boundaries": (
        lambda k: k.optimizers.schedules.PiecewiseConstantDecay([1, 2], [0.1]),
        "boundaries.*2.*1",
    ),
    "no steps": (
        lambda k: k.optimizers.schedules.CosineDecay(0.1, 0)(1),
        "decay_steps must be > 0",
    ),
    "unknown reduction": (
        lambda k: k.losses.MeanSquaredError(reduction="avg"),
        "reduction must be sum_over_batch_size.*'avg'",
    ),
    "shapes of a loss": (
        lambda k: k.losses.MeanSquaredError()(o(2, 3), o(2, 4)),
        "y_true of shape \\(2, 3\\).*y_pred of shape \\(2, 4\\)",
    ),
    "number of labels": (
        lambda k: k.losses.SparseCategoricalCrossentropy()(np.zeros(3, int), o(2, 4)),
        "targets of shape \\(2,\\).*\\(3,\\)",
    ),
    "shapes of classes": (
        lambda k: k.losses.CategoricalCrossentropy()(o(2, 3), o(2, 4)),
        "\\(2, 3\\).*\\(2, 4\\)",
    ),
    "IoU of what": (lambda k: k.metrics.IoU(2), "IoU.*missing.*'target_class_ids'"),
    "thresholds of AUC": (lambda k: k.metrics.AUC(num_thresholds=1), "num_thresholds.*1"),
    "threshold of 2": (lambda k: k.metrics.Precision(thresholds=2.0), "\\[0, 1\\].*2"),
    "unknown curve": (lambda k: k.metrics.AUC(curve="XY"), "ROC, PR.*'XY'"),
    "unknown average": (lambda k: k.metrics.F1Score(average="x"), "average.*'x'"),
    # compile, fit
    "unknown loss": (lambda k: fit_with(k, loss="mean_sq"), "loss identifier: mean_sq"),
    "unknown optimizer": (lambda k: made(k, optimizer="sdg"), "optimizer identifier: sdg"),
    "unknown metric": (lambda k: fit_with(k, metrics=["acuracy"]), "metric identifier: acuracy"),
    "unknown compile argument": (lambda k: made(k, metric=["mae"]), "compile.*'metric'"),
    "loss of no output": (lambda k: fit_with(k, loss={"x": "mse"}), "unknown outputs.*'x'"),
    "not compiled": (
        lambda k: k.Sequential([k.Input((3,)), k.layers.Dense(2)]).fit(o(4, 3), o(4, 2)),
        "compile",
    ),
    "evaluate, not compiled": (
        lambda k: k.Sequential([k.Input((3,)), k.layers.Dense(2)]).evaluate(o(4, 3), o(4, 2)),
        "compile",
    ),
    "shape of x": (fit(o(4, 5)), "must have shape \\(None, 3\\), received \\(4, 5\\)"),
    "shape of y": (fit(y=o(4, 5)), "\\(4, 5\\).*\\(4, 2\\)"),
    "rank of y": (fit(y=o(4)), "\\(4,\\).*\\(4, 2\\)"),
    "lengths": (fit(y=o(3, 2)), "same number of samples.*4.*3"),
    "length of weights": (fit(sample_weight=o(3)), "same number of samples.*4.*3"),
    "no y": (fit(y=None), "0 targets"),
    "split of one": (fit(o(1, 3), o(1, 2), validation_split=0.5), "validation_split=0.5 of 1"),
    "no samples": (fit(o(0, 3), o(0, 2)), "at least one sample"),
    "unknown fit argument": (fit(nb_epoch=3), "fit.*'nb_epoch'"),
    "text as x": (fit("abc", "d"), "expected arrays or a dataset, received 'abc'"),
    "number to validate": (fit(validation_data=3), "expected arrays, or a dataset.*3"),
    "shape to predict": (lambda k: made(k).predict(o(4, 5)), "\\(None, 3\\), received \\(4, 5\\)"),
    # models
    "no such layer": (lambda k: made(k).get_layer("x"), "'x'"),
    "no such index": (lambda k: made(k).get_layer(index=1), "index 1"),
    "number of weights": (lambda k: made(k).set_weights([o(2)]), "2 arrays, received 1"),
    "shape of a weight": (lambda k: made(k).set_weights([o(2, 2), o(2)]), "\\(3, 2\\).*\\(2, 2\\)"),
    "no such file": (lambda k: k.models.load_model("/nope.keras"), "/nope.keras"),
    "not connected": (
        lambda k: k.Model(k.Input((2,)), k.layers.Dense(2)(k.Input((2,)))),
        "not among the inputs",
    ),
    "output of no layer": (lambda k: k.Model(k.Input((2,)), 3), "outputs must be symbolic"),
    "no layer": (lambda k: k.Sequential([3]), "Sequential.*expected a layer, received int"),
    "one name twice": (
        lambda k: k.Sequential([k.layers.Dense(2, name="a"), k.layers.Dense(2, name="a")]),
        "should have unique names.*'a'",
    ),
    "Input of nothing": (lambda k: k.Input(), "shape"),
    "Input of both": (lambda k: k.Input((2,), batch_shape=(1, 2)), "shape or batch_shape"),
    "no call": (
        lambda k: type("A", (k.layers.Layer,), {})()(o(2, 3)),
        "A must define call",
    ),
    "no super().__init__()": (
        lambda k: type("A", (k.layers.Layer,), {"__init__": lambda s: None})()(o(2, 3)),
        "__init__",
    ),
    "no loss": (
        lambda k: type("A", (k.losses.Loss,), {})()(o(2, 3), o(2, 3)),
        "A must define call",
    ),
    "no update": (
        lambda k: type("A", (k.metrics.Metric,), {})().update_state(o(2, 3), o(2, 3)),
        "A must define update_state",
    ),
    "no step": (
        lambda k: type("A", (k.optimizers.Optimizer,), {})(0.1).apply([o(2)], [k.Variable(o(2))]),
        "update_step",
    ),
    "values of a symbol": (lambda k: np.asarray(k.Input((2,))), "symbolic tensor has no values"),
    "truth of a symbol": (lambda k: bool(k.Input((2,)) > 0), "symbolic.*boolean"),
    # operations
    "matmul": (lambda k: k.ops.matmul(o(2, 3), o(2, 3)), "matmul.*\\(2, 3\\) and \\(2, 3\\)"),
    "add": (lambda k: k.ops.add(o(2, 3), o(2, 4)), "add.*\\(2, 3\\) and \\(2, 4\\).*broadcast"),
    "reshape": (
        lambda k: k.ops.reshape(o(2, 3), (4, 2)),
        "\\(2, 3\\) \\(6 elements\\).*\\(4, 2\\)",
    ),
    "concatenate": (lambda k: k.ops.concatenate([o(2, 3), o(3, 4)]), "\\(2, 3\\) and \\(3, 4\\)"),
    "axis": (lambda k: k.ops.sum(o(2, 3), axis=4), "axis.*4"),
    "one_hot": (lambda k: k.ops.one_hot(np.array([1]), -1), "num_classes.*-1"),
    "cast": (lambda k: k.ops.cast(o(2), "float33"), "dtype.*'float33'"),
    "einsum": (lambda k: k.ops.einsum("ij,jk->ik", o(2, 3), o(2, 3)), "'j'.*3.*2"),
    "split": (lambda k: k.ops.split(o(5), 2), "split.*5.*2"),
    "conv": (lambda k: k.ops.conv(o(1, 5, 5, 3), o(3, 3, 2, 4)), "conv.*3 channels.*2"),
    "stack": (lambda k: k.ops.stack([o(2), o(3)]), "stack.*same shape.*\\(2,\\).*\\(3,\\)"),
    "transpose": (lambda k: k.ops.transpose(o(2, 3), (0, 0)), "axis 0 is given twice"),
    "no such operation": (lambda k: k.ops.matmull, "no operation 'matmull'"),
    "no such layer class": (lambda k: k.layers.Dens, "no layer 'Dens'"),
    # initializers, regularizers
    "Orthogonal vector": (lambda k: k.initializers.Orthogonal()((3,)), "two-dim.*\\(3,\\)"),
    "negative scale": (lambda k: k.initializers.VarianceScaling(-1.0), "scale.*positive.*-1"),
    "unknown mode": (lambda k: k.initializers.VarianceScaling(mode="x"), "mode.*fan_in.*'x'"),
    "Identity vector": (lambda k: k.initializers.Identity()((3,)), "2D.*\\(3,\\)"),
    "negative penalty": (lambda k: k.regularizers.L2(-1.0), "l2.*non-negative.*-1"),
}


def fit_with(k, **kwargs):
    return made(k, **kwargs).fit(o(4, 3), o(4, 2), verbose=0)


@pytest.mark.parametrize("case", CASES)
def test_both_refuse(case):
    use, words = CASES[case]
    with pytest.raises(Exception) as theirs:
        use(keras)
    with pytest.raises(Exception) as ours:
        use(lamina)
    message = str(ours.value)
    assert re.search(words, message, re.DOTALL), message
    assert len(message) < 1500
    kinds = (ValueError, TypeError, IndexError, RuntimeError, AttributeError, OSError)
    assert isinstance(ours.value, (*kinds, type(theirs.value))), type(ours.value)


def test_what_keras_takes_and_lamina_refuses():
    """Typing errors that Keras computes with, or meets later."""
    for use, words in (
        (called("Embedding", np.array([[7]]), 5, 2), "outside an axis of length 5"),
        (layer("MaxPooling2D", padding="full"), "'padding' must be valid or same"),
        (layer("UpSampling2D", 2, interpolation="near"), "'interpolation'.*'near'"),
        (layer("RandomFlip", "diag"), "'mode'.*'diag'"),
        (lambda k: k.optimizers.SGD(-1.0), "learning_rate must not be negative"),
        (lambda k: k.losses.Huber(delta="a"), "'delta'.*a number"),
        (lambda k: made(k, loss="mean_sq"), "loss identifier: mean_sq"),
        (lambda k: made(k, metrics=["acuracy"]), "metric identifier: acuracy"),
        (fit(validation_split=1.5), "validation_split.*1.5"),
        (lambda k: k.ops.take(o(3), 5), "outside an axis of length 3"),
    ):
        with pytest.raises((ValueError, IndexError), match=words):
            use(lamina)
