"""Long runs keep their memory."""

import gc
import resource
import sys

import numpy as np
import pytest

import lamina
from lamina import layers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/statm")


def resident_mb():
    gc.collect()
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize() / 2**20


def model():
    m = lamina.Sequential(
        [lamina.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(2)]
    )
    m.compile("adam", "mse")
    return m


def test_a_million_predictions_leave_memory_flat():
    m, x = model(), np.zeros((1, 8), "float32")
    for _ in range(2000):
        m.predict_on_batch(x)
    before = resident_mb()
    for _ in range(950_000):
        m.predict_on_batch(x)
    for _ in range(50_000):
        m.predict(x, verbose=0)
    assert resident_mb() - before < 4


def test_a_thousand_models_leave_memory_flat():
    x, y = np.zeros((64, 8), "float32"), np.zeros((64, 2), "float32")

    def rounds(n):
        for _ in range(n):
            m = model()
            m.fit(x, y, batch_size=32, verbose=0)
            del m

    rounds(100)
    before = resident_mb()
    rounds(1000)
    assert resident_mb() - before < 8
