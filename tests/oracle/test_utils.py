"""Conversions of arrays in keras.utils."""

import numpy as np

from oracle.support import integers, op_row, oracle_tests, real


def utils(name, *args, **kwargs):
    return op_row(name, *args, namespace="utils", grad=False, **kwargs)


SEQUENCES = [[1, 2, 3], [4], [5, 6, 7, 8]]

test_rows = oracle_tests(
    [
        utils("to_categorical", integers(5)),
        utils("to_categorical", integers(5, 1), num_classes=7),
        utils("to_categorical", integers(2, 3)),
        utils("normalize", real(3, 4)),  # Keras takes axis=0 for -1
        utils("normalize", np.zeros((2, 3))),
        utils("pad_sequences", SEQUENCES),
        utils("pad_sequences", SEQUENCES, maxlen=2, truncating="post", value=9),
        utils("pad_sequences", SEQUENCES, maxlen=5, padding="post", dtype="float32"),
    ]
)
