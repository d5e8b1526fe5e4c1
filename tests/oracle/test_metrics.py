"""Metrics."""

import numpy as np
import pytest

from oracle.support import COVERED, close, integers, metric_row, oracle_tests, real

T, Y = real(6, 4), real(6, 4)[::-1] * 0.7
P = real(6, 4, low=0.02, high=0.98)
P2 = real(5, 4, low=0.01, high=0.99)
ONE, ONE2 = P[:, 0], real(9, low=0.0, high=1.0)
BITS, BITS2 = integers(6, 4, high=2), integers(5, 4, high=2)
BIT, BIT2 = BITS[:, 0], integers(9, high=2)
LABELS, LABELS2 = integers(6, high=4), integers(5, high=4)
EYE = np.eye(4, dtype="float32")
ORDER = np.argsort(-P, -1).astype("int32")
MAP, MAP2 = integers(2, 3, 5, high=3), integers(2, 3, 5, high=3)[::-1].copy()
SCORES = real(2, 3, 5, 3, low=0.0, high=1.0)

flat = ((BIT, ONE), (BIT2, ONE2))
table = ((BITS, P), (BITS2, P2))
classes = ((EYE[LABELS], P), (EYE[LABELS2], P2))
sparse = ((LABELS, P), (LABELS2, P2))
numbers = ((T, Y), (real(3, 4), real(3, 4) * 2))
# As in the networks that end in a sigmoid: many outputs on thresholds and at the ends.
ties = ((BIT2, np.array([0, 0.25, 0.5, 0.75, 1, 0.5, 0, 1, 0.3], "float32")), flat[0])


test_rows = oracle_tests(
    [
        metric_row("Mean", (T,), (real(3, 4),)),
        metric_row("Mean", (T[:, 0],), (real(3),), id="vectors"),
        metric_row("Sum", (T,), (real(3, 4),)),
        metric_row("Accuracy", (LABELS, LABELS[::-1].copy()), (LABELS2, LABELS2)),
        metric_row("BinaryAccuracy", *flat),
        metric_row("BinaryAccuracy", *table, threshold=0.3),
        metric_row("BinaryAccuracy", (BIT, ONE[:, None]), (BIT[:, None], ONE), id="ranks"),
        metric_row("CategoricalAccuracy", *classes),
        metric_row("SparseCategoricalAccuracy", *sparse),
        metric_row("SparseCategoricalAccuracy", (LABELS[:, None], P), (MAP, SCORES), id="ranks"),
        metric_row("TopKCategoricalAccuracy", *classes, k=2),
        metric_row("TopKCategoricalAccuracy", (EYE[MAP][..., :3], SCORES), k=2, id="map"),
        metric_row("SparseTopKCategoricalAccuracy", *sparse, k=2),
        metric_row("SparseTopKCategoricalAccuracy", (MAP, SCORES), k=1, id="map"),
        metric_row("SparseTopKCategoricalAccuracy", (LABELS, ORDER), k=2,
             from_sorted_ids=True),
        metric_row("TruePositives", *flat),
        metric_row("TrueNegatives", *flat, thresholds=0.3),
        metric_row("FalsePositives", *flat, thresholds=[0.2, 0.5, 0.8]),
        metric_row("FalseNegatives", *table, thresholds=[0.0, 0.5, 1.0]),
        metric_row("TruePositives", *ties, thresholds=[0.0, 0.25, 0.5, 0.75, 1.0]),
        metric_row("Precision", *flat),
        metric_row("Precision", *table, thresholds=[0.2, 0.7]),
        metric_row("Precision", *table, top_k=2),
        metric_row("Precision", *table, top_k=3, class_id=1),
        metric_row("Precision", *table, class_id=2, thresholds=0.4),
        metric_row("Recall", *flat),
        metric_row("Recall", *table, thresholds=[0.0, 0.5, 1.0]),
        metric_row("Recall", *table, top_k=2, class_id=0),
        metric_row("SensitivityAtSpecificity", *flat, specificity=0.4),
        metric_row("SensitivityAtSpecificity", *flat, specificity=0.4, num_thresholds=1),
        metric_row("SpecificityAtSensitivity", *flat, sensitivity=0.6, num_thresholds=20),
        metric_row("PrecisionAtRecall", *flat, recall=0.5),
        metric_row("PrecisionAtRecall", *table, recall=0.5, class_id=1),
        metric_row("RecallAtPrecision", *flat, precision=0.6, num_thresholds=11),
        metric_row("AUC", *flat),
        metric_row("AUC", *ties, num_thresholds=5),
        metric_row("AUC", *flat, curve="PR", num_thresholds=50),
        metric_row("AUC", *flat, curve="PR", summation_method="minoring"),
        metric_row("AUC", *flat, curve="ROC", summation_method="majoring"),
        metric_row("AUC", *flat, curve="PRGAIN"),
        metric_row("AUC", *flat, thresholds=[0.1, 0.35, 0.8]),
        metric_row("AUC", *table, multi_label=True, num_labels=4),
        metric_row("AUC", *table, multi_label=True, num_labels=4, curve="PR", num_thresholds=7),
        metric_row("AUC", *table, multi_label=True, num_labels=4, thresholds=[0.3, 0.4]),
        metric_row("AUC", (BITS, T), (BITS2, real(5, 4)), from_logits=True),
        metric_row("F1Score", *classes),
        metric_row("F1Score", *table, average="micro", threshold=0.4),
        metric_row("F1Score", *classes, average="macro"),
        metric_row("FBetaScore", *classes, average="weighted", beta=2.0),
        metric_row("FBetaScore", *table, threshold=0.5, beta=0.5),
        metric_row("IoU", (MAP, MAP2), num_classes=3, target_class_ids=[0, 2], weighted=False),
        metric_row("IoU", (LABELS, P), num_classes=4, target_class_ids=[0, 1], sparse_y_pred=False,
             dtype="float32"),
        metric_row("IoU", (MAP, MAP2), num_classes=3, target_class_ids=[0, 1], ignore_class=1,
             weighted=False),
        metric_row("IoU", (np.array([0, 1, 255, 7]), np.array([0, 1, 1, 0])), num_classes=2,
             target_class_ids=[0, 1], weighted=False, id="outside of the classes"),
        metric_row("BinaryIoU", *flat, weighted=False),
        metric_row("BinaryIoU", *flat, target_class_ids=[1], threshold=0.3, dtype="float32"),
        metric_row("MeanIoU", (MAP, MAP2), num_classes=3, weighted=False),
        metric_row("MeanIoU", (LABELS, LABELS[::-1].copy()), num_classes=4, dtype="float32"),
        metric_row("OneHotIoU", *classes, num_classes=4, target_class_ids=[0, 2], dtype="float32"),
        metric_row("OneHotMeanIoU", *classes, num_classes=4, dtype="float32"),
        metric_row("OneHotMeanIoU", (EYE[LABELS], LABELS), num_classes=4, sparse_y_pred=True,
             weighted=False),
        metric_row("R2Score", *numbers),
        metric_row("R2Score", *numbers, class_aggregation=None),
        metric_row("R2Score", *numbers, class_aggregation="variance_weighted_average"),
        metric_row("R2Score", *numbers, num_regressors=3),
        metric_row("MeanSquaredError", *numbers),
        metric_row("RootMeanSquaredError", *numbers),
        metric_row("RootMeanSquaredError", (T[:, 0], Y[:, :1]), id="ranks"),
        metric_row("MeanAbsoluteError", *numbers),
        metric_row("MeanAbsolutePercentageError", *numbers),
        metric_row("MeanSquaredLogarithmicError", *table),
        metric_row("CosineSimilarity", *numbers, config_ignore=("axis",)),
        metric_row("LogCoshError", *numbers),
        metric_row("PearsonCorrelation", *numbers),
        metric_row("PearsonCorrelation", *numbers, axis=0, weighted=False),
        metric_row("ConcordanceCorrelation", *numbers),
        metric_row("Hinge", *numbers),
        metric_row("SquaredHinge", *table),
        metric_row("CategoricalHinge", *classes),
        metric_row("KLDivergence", *classes),
        metric_row("Poisson", *table),
        metric_row("BinaryCrossentropy", *table),
        metric_row("BinaryCrossentropy", *table, from_logits=True, label_smoothing=0.2),
        metric_row("CategoricalCrossentropy", *classes),
        metric_row("CategoricalCrossentropy", *classes, from_logits=True, label_smoothing=0.2),
        metric_row("SparseCategoricalCrossentropy", *sparse),
        metric_row("SparseCategoricalCrossentropy", *sparse, from_logits=True, ignore_class=2),
    ]
)  # fmt: skip


FUNCTIONS = [
    ("binary_accuracy", (BITS, P, 0.3)),
    ("categorical_accuracy", classes[0]),
    ("sparse_categorical_accuracy", sparse[0]),
    ("top_k_categorical_accuracy", (*classes[0], 2)),
    ("sparse_top_k_categorical_accuracy", (*sparse[0], 2)),
    ("pearson_correlation", numbers[0]),
    ("concordance_correlation", (*numbers[0], 0)),
    ("mean_squared_error", numbers[0]),
    ("binary_focal_crossentropy", table[0]),
    ("categorical_focal_crossentropy", classes[0]),
    ("huber", numbers[0]),
    ("log_cosh", numbers[0]),
    ("kl_divergence", classes[0]),
]
COVERED.update(("metrics", row[0]) for row in FUNCTIONS)


@pytest.mark.parametrize("name, args", FUNCTIONS)
def test_function(name, args):
    import keras

    import lamina

    close(getattr(lamina.metrics, name)(*args), getattr(keras.metrics, name)(*args))


def test_weights_of_other_ranks():
    import keras

    import lamina

    for make in (lambda K: K.metrics.Mean(), lambda K: K.metrics.Sum()):
        theirs, ours = make(keras), make(lamina)
        for values, w in (
            (real(6, 4), real(6, 4, low=0.1)),
            (real(6, 4), real(6, 1, low=0.1)),
            (real(2, 3, 5), real(2, 3, low=0.1)),
            (real(6, 4), 2.0),
        ):
            for m in (theirs, ours):
                m.update_state(values, sample_weight=w)
            close(ours.result(), theirs.result(), what=f"{values.shape}")
            close([v.numpy() for v in ours.variables], [np.array(v) for v in theirs.variables])


def test_metrics_in_training():
    """What fit and evaluate report of a model with many metrics, with and without weights."""
    import keras

    import lamina

    x, w = real(12, 5), real(12, low=0.2, high=2)
    y = integers(12, 1, high=2).astype("float32")
    start, logs = [real(5, 1), real(1)], []
    for K in (keras, lamina):
        inputs = K.Input((5,))
        model = K.Model(inputs, K.layers.Dense(1, activation="sigmoid")(inputs))
        model.set_weights(start)
        metrics = [
            "accuracy", "mse", K.metrics.AUC(name="area"), K.metrics.Precision(name="precision"),
            K.metrics.Recall(0.4, name="recall"), K.metrics.R2Score(name="r2"),
            K.metrics.F1Score(average="macro", threshold=0.5, name="f1"),
            K.metrics.BinaryIoU(name="iou"), K.metrics.SensitivityAtSpecificity(0.5, name="s"),
            K.metrics.RootMeanSquaredError(name="rmse"), K.metrics.FalsePositives(name="fp"),
        ]  # fmt: skip
        model.compile(K.optimizers.SGD(0.2), "binary_crossentropy", metrics=metrics)
        history = model.fit(
            x, y, sample_weight=w, batch_size=5, epochs=2, shuffle=False, verbose=0
        ).history
        results = model.evaluate(x, y, batch_size=5, verbose=0, return_dict=True)
        logs.append((history, results))
    assert set(logs[1][0]) == set(logs[0][0])
    for key, values in logs[0][0].items():
        close(np.asarray(logs[1][0][key], "float32"), np.asarray(values, "float32"), what=key)
        close(np.float32(logs[1][1][key]), np.float32(logs[0][1][key]), what=key)
