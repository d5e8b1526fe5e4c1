"""One of the six models on one engine with the Keras API, in a process of its own.

    python workload_keras.py MODEL MODULE    # MODULE: lamina or keras

Prints one JSON line: samples a second of fit and predict, milliseconds of one call, memory.
"""

import importlib
import json
import os
import resource
import sys
import time

import numpy as np

start = time.perf_counter()
K = importlib.import_module(sys.argv[2])
IMPORT_S = time.perf_counter() - start
L = K.layers
RNG = np.random.default_rng(0)
CROSSENTROPY = "sparse_categorical_crossentropy"


def images(n, *shape):
    """Noisy copies of ten random pictures."""
    y = RNG.integers(0, 10, n)
    x = RNG.standard_normal((n, *shape), dtype="float32")
    x += RNG.normal(scale=0.5, size=(10, *shape)).astype("float32")[y]
    return x, y.astype("int32")


def tabular():
    """16-64-64-1."""
    x = RNG.normal(size=(12800, 16)).astype("float32")
    y = (x[:, :1] * x[:, 1:2] > 0).astype("float32")
    model = K.Sequential([K.Input((16,))])
    for _ in range(2):
        model.add(L.Dense(64, activation="relu"))
    model.add(L.Dense(1, activation="sigmoid"))
    model.compile(optimizer=K.optimizers.Adam(1e-3), loss="binary_crossentropy")
    return model, x, y, 32


def mlp():
    """784-512-512-10."""
    x, y = images(12800, 784)
    model = K.Sequential([K.Input((784,))])
    for _ in range(2):
        model.add(L.Dense(512, activation="relu"))
    model.add(L.Dense(10, activation="softmax"))
    model.compile(optimizer=K.optimizers.Adam(1e-3), loss=CROSSENTROPY, metrics=["accuracy"])
    return model, x, y, 128


def convnet():
    """32C3-P2-64C3-P2-10 on 28x28."""
    x, y = images(2560, 28, 28, 1)
    model = K.Sequential(
        [
            K.Input((28, 28, 1)),
            L.Conv2D(32, 3, activation="relu"),
            L.MaxPooling2D(2),
            L.Conv2D(64, 3, activation="relu"),
            L.MaxPooling2D(2),
            L.Flatten(),
            L.Dropout(0.5),
            L.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss=CROSSENTROPY, metrics=["accuracy"])
    return model, x, y, 128


def resnet20():
    """He et al., 2015, on 32x32x3."""
    x, y = images(512, 32, 32, 3)

    def conv(t, filters, size, strides=1, relu=True):
        t = L.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(t)
        t = L.BatchNormalization()(t)
        return L.Activation("relu")(t) if relu else t

    inputs = K.Input((32, 32, 3))
    t = conv(inputs, 16, 3)
    for filters in (16, 32, 64):
        for i in range(3):
            strides = 2 if filters > 16 and i == 0 else 1
            branch = conv(conv(t, filters, 3, strides), filters, 3, relu=False)
            if t.shape[-1] != filters:
                t = conv(t, filters, 1, strides, relu=False)
            t = L.Activation("relu")(L.Add()([branch, t]))
    t = L.GlobalAveragePooling2D()(t)
    model = K.Model(inputs, L.Dense(10, activation="softmax")(t))
    model.compile(optimizer=K.optimizers.SGD(0.1, momentum=0.9), loss=CROSSENTROPY)
    return model, x, y, 64


def lstm():
    """Embedding 20000x128, two bidirectional LSTM-64, 200 steps."""
    x = RNG.integers(1, 20000, size=(256, 200)).astype("int32")
    y = (x[:, :1] % 2).astype("float32")
    model = K.Sequential(
        [
            K.Input((200,), dtype="int32"),
            L.Embedding(20000, 128),
            L.Bidirectional(L.LSTM(64, return_sequences=True)),
            L.Bidirectional(L.LSTM(64)),
            L.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model, x, y, 32


def transformer():
    """4 blocks, width 128, 4 heads, 128 tokens."""
    x = RNG.integers(0, 1000, size=(128, 128)).astype("int32")
    y = RNG.integers(0, 10, size=(128,)).astype("int32")
    inputs = K.Input((128,), dtype="int32")
    t = L.Embedding(1000, 128)(inputs)
    for _ in range(4):
        a = L.LayerNormalization()(t)
        t = L.Add()([t, L.MultiHeadAttention(4, 32)(a, a)])
        f = L.Dense(512, activation="gelu")(L.LayerNormalization()(t))
        t = L.Add()([t, L.Dense(128)(f)])
    t = L.GlobalAveragePooling1D()(t)
    model = K.Model(inputs, L.Dense(10, activation="softmax")(t))
    model.compile(optimizer="adam", loss=CROSSENTROPY)
    return model, x, y, 16


MODELS = {f.__name__: f for f in (tabular, mlp, convnet, resnet20, lstm, transformer)}


def timed(function, *args, **kwargs):
    """Seconds that a call takes."""
    begin = time.perf_counter()
    function(*args, **kwargs)
    return time.perf_counter() - begin


def main():
    """Warms up, measures, prints."""
    model, x, y, batch = MODELS[sys.argv[1]]()
    fit = {"batch_size": batch, "epochs": 1, "verbose": 0}
    model.fit(x[: 2 * batch], y[: 2 * batch], **fit)
    model.fit(x, y, **fit)
    seconds = []
    end = time.perf_counter() + float(os.environ.get("SECONDS_EACH", "4"))
    while time.perf_counter() < end or len(seconds) < 2:
        seconds.append(timed(model.fit, x, y, **fit))
    model.predict(x, batch_size=batch, verbose=0)
    predict = [timed(model.predict, x, batch_size=batch, verbose=0) for _ in range(5)]
    one = x[:1]
    call = [timed(lambda: K.ops.convert_to_numpy(model(one, training=False))) for _ in range(30)]
    row = [timed(model.predict, one, verbose=0) for _ in range(10)]
    print(
        json.dumps(
            {
                "import_s": IMPORT_S,
                "train_per_s": len(x) / float(np.median(seconds)),
                "predict_per_s": len(x) / float(np.median(predict)),
                "call1_ms": 1e3 * float(np.median(call)),
                "predict1_ms": 1e3 * float(np.median(row)),
                "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


main()
