"""Losses."""

import numpy as np
import pytest

from oracle.support import COVERED, close, integers, loss_row, oracle_tests, real

T, Y = real(6, 4), real(6, 4)[::-1] * 0.7
P = real(6, 4, low=0.05, high=0.95)
SHARES = P / P.sum(-1, keepdims=True)
LOGITS = real(6, 4)
BITS = integers(6, 4, high=2)
LABELS = integers(6, high=4)
ONE_HOT = np.eye(4, dtype="float32")[LABELS]
MAP, MAP_SHARES = integers(2, 3, 5, high=4), real(2, 3, 5, 4, low=0.05, high=0.95)
UNIT = real(6, 3) / np.linalg.norm(real(6, 3), axis=-1, keepdims=True)
SEQUENCES = np.array([[1, 2, 2, 0], [3, 0, 0, 0], [2, 1, 3, 1]], "int32")


def regression(name, function, **kwargs):
    return loss_row(name, T, Y, function=None if kwargs else function, **kwargs)


test_rows = oracle_tests(
    [
        regression("MeanSquaredError", "mean_squared_error"),
        regression("MeanSquaredError", "", reduction="sum"),
        loss_row("MeanSquaredError", real(6), real(6, 1) * 0.7, id="(6,) and (6, 1)"),
        loss_row("MeanSquaredError", real(6, 1), real(6) * 0.7, id="(6, 1) and (6,)"),
        loss_row("MeanSquaredError", np.arange(24).reshape(6, 4), Y, id="integer targets"),
        regression("MeanAbsoluteError", "mean_absolute_error"),
        regression("MeanAbsolutePercentageError", "mean_absolute_percentage_error"),
        loss_row(
            "MeanSquaredLogarithmicError", P, P[::-1], function="mean_squared_logarithmic_error"
        ),
        loss_row("Huber", T, Y, function="huber", config_ignore=("delta",)),
        loss_row("Huber", T, Y, delta=0.3, config_ignore=("delta",)),
        regression("LogCosh", "log_cosh"),
        loss_row("CosineSimilarity", T, Y, function="cosine_similarity", config_ignore=("axis",)),
        loss_row("Hinge", BITS * 2 - 1, Y, function="hinge"),
        loss_row("Hinge", BITS, Y, id="targets of 0 and 1"),
        loss_row("SquaredHinge", BITS * 2 - 1, Y, function="squared_hinge"),
        loss_row("CategoricalHinge", ONE_HOT, Y, function="categorical_hinge"),
        loss_row("KLDivergence", SHARES, SHARES[::-1], function="kl_divergence"),
        loss_row("Poisson", BITS * 3, P * 4, function="poisson"),
        loss_row("BinaryCrossentropy", BITS, P, function="binary_crossentropy"),
        loss_row("BinaryCrossentropy", BITS, LOGITS, from_logits=True),
        loss_row("BinaryCrossentropy", BITS, P, label_smoothing=0.2),
        loss_row("BinaryCrossentropy", MAP < 2, MAP_SHARES[..., 0], id="rank 3",
                 sample_weight=real(2, 3, low=0.1, high=2)),
        loss_row("BinaryFocalCrossentropy", BITS, P, function="binary_focal_crossentropy"),
        loss_row(
            "BinaryFocalCrossentropy", BITS, LOGITS, apply_class_balancing=True, alpha=0.3,
            gamma=1.5, from_logits=True, label_smoothing=0.1,
        ),
        loss_row("CategoricalCrossentropy", ONE_HOT, SHARES, function="categorical_crossentropy"),
        loss_row("CategoricalCrossentropy", ONE_HOT, LOGITS, from_logits=True),
        loss_row("CategoricalCrossentropy", ONE_HOT, P, label_smoothing=0.3, id="not normalized"),
        loss_row("CategoricalCrossentropy", ONE_HOT, LOGITS, axis=0, from_logits=True,
                 sample_weight=np.ones(4, "float32")),
        loss_row(
            "CategoricalFocalCrossentropy", ONE_HOT, P, function="categorical_focal_crossentropy"
        ),
        loss_row(
            "CategoricalFocalCrossentropy", ONE_HOT, LOGITS, alpha=0.4, gamma=1.2,
            from_logits=True, label_smoothing=0.1,
        ),
        loss_row("CategoricalGeneralizedCrossEntropy", LABELS, SHARES),
        loss_row("CategoricalGeneralizedCrossEntropy", LABELS, SHARES, q=0.8),
        loss_row(
            "SparseCategoricalCrossentropy", LABELS, SHARES, config_ignore=("axis",),
            function="sparse_categorical_crossentropy",
        ),
        loss_row(
            "SparseCategoricalCrossentropy", LABELS[:, None], LOGITS, config_ignore=("axis",),
            from_logits=True,
        ),
        loss_row(
            "SparseCategoricalCrossentropy", LABELS, LOGITS, config_ignore=("axis",),
            from_logits=True, ignore_class=2,
        ),
        loss_row(
            "SparseCategoricalCrossentropy", MAP, MAP_SHARES, config_ignore=("axis",),
            ignore_class=-1, sample_weight=real(2, 3, 5, low=0.1, high=2),
        ),
        loss_row("CTC", SEQUENCES, real(3, 9, 5), function="ctc"),
        # Beside losses of 1e5 float32 has two digits after the point.
        loss_row("CTC", SEQUENCES, real(3, 3, 5), id="labels that do not fit", tol=2e-2),
        loss_row("Dice", BITS, P, function="dice"),
        loss_row("Dice", BITS, P, axis=-1),
        loss_row("Tversky", BITS, P, function="tversky"),
        loss_row("Tversky", BITS, P, alpha=0.2, beta=0.9, axis=-1),
        loss_row("Circle", np.array([0, 0, 1, 1, 2, 2]), UNIT, function="circle", tol=2e-5),
        loss_row("Circle", np.array([0, 0, 1, 1, 2, 2]), UNIT, gamma=8.0, margin=0.2),
        loss_row(
            "Circle", np.array([0, 0, 1, 1, 2, 3]), UNIT, remove_diagonal=False, gamma=8.0,
        ),
        loss_row("Circle", np.array([0, 0, 1, 1, 2, 3]), UNIT, grad=False, gamma=8.0, id="alone"),
    ]
)  # fmt: skip


FUNCTIONS = [
    ("huber", (T, Y, 0.4), {}),
    ("huber", (T, Y), {"delta": 0.4}),
    ("binary_crossentropy", (BITS, P), {"label_smoothing": 0.1, "axis": 0}),
    ("sparse_categorical_crossentropy", (LABELS, LOGITS, True, 1), {}),
    ("categorical_generalized_cross_entropy", (LABELS, SHARES, 0.3), {}),
    ("tversky", (BITS, P, 0.1, 0.9), {"axis": 0}),
    ("circle", (LABELS, UNIT, LABELS[::-1].copy(), UNIT[::-1].copy(), False, 5, 0.3), {}),
]
COVERED.update(("losses", row[0]) for row in FUNCTIONS)


@pytest.mark.parametrize("name, args, kwargs", FUNCTIONS)
def test_function(name, args, kwargs):
    import keras

    import lamina

    theirs, ours = (getattr(k.losses, name)(*args, **kwargs) for k in (keras, lamina))
    close(ours, theirs)


@pytest.mark.parametrize("mode", ["greedy", "beam_search"])
@pytest.mark.parametrize("seed", range(4))
def test_ctc_decode(mode, seed):
    import keras

    import lamina

    x = np.random.default_rng(seed).normal(size=(3, 7, 4)).astype("float32") * 2
    lengths = np.array([7, 4, 6], "int32")
    for options in (
        {},
        {"mask_index": 3},
        {"mask_index": None},
        {"merge_repeated": False},
        {"beam_width": 5, "top_paths": 3},
    ):
        if mode == "greedy" and "top_paths" in options:
            continue
        (labels, scores), (expected, expected_scores) = (
            k.ops.ctc_decode(x, lengths, strategy=mode, **options) for k in (lamina, keras)
        )
        close(labels, expected)
        close(scores, expected_scores)


def functional(package):
    inputs = package.Input((5,))
    outputs = package.layers.Dense(4, activation="softmax", name="out")(inputs)
    return package.Model(inputs, outputs)


@pytest.mark.parametrize(
    "loss",
    [
        "mse", "mae", "mape", "msle", "huber", "log_cosh", "hinge", "squared_hinge",
        "categorical_hinge", "kld", "poisson", "cosine_similarity", "bce",
        "binary_focal_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy",
        "Dice", "Tversky", "sparse_categorical_crossentropy", "CategoricalGeneralizedCrossEntropy",
    ],
)  # fmt: skip
def test_training_steps(loss):
    """Three steps of SGD with sample weights on a softmax end in the same weights."""
    import keras

    import lamina

    x, w = real(6, 5), real(6, low=0.2, high=2)
    y = LABELS if loss[:6] in ("sparse", "Catego") else ONE_HOT
    start = [real(5, 4) * 0.3, real(4)]
    weights, losses = [], []
    for package in (keras, lamina):
        model = functional(package)
        model.set_weights(start)
        if loss in ("Dice", "Tversky"):  # names of classes that Keras does not know as strings
            of = getattr(package.losses, loss)()
        elif loss == "CategoricalGeneralizedCrossEntropy":
            of = package.losses.CategoricalGeneralizedCrossEntropy()
        else:
            of = loss
        model.compile(package.optimizers.SGD(0.1), of)
        history = model.fit(x, y, sample_weight=w, batch_size=3, epochs=3, shuffle=False, verbose=0)
        weights.append(model.get_weights())
        losses.append(np.asarray(history.history["loss"], "float32"))
    close(weights[1], weights[0], what="weights")
    close(losses[1], losses[0], what="losses")
