"""A functional model with two inputs and two outputs."""

import numpy as np

import lamina as keras
from lamina import layers

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
numbers = rng.normal(size=(2000, 4)).astype("float32")
kind = rng.integers(0, 3, size=(2000, 1)).astype("int32")
price = (numbers.sum(1, keepdims=True) * (1 + kind)).astype("float32")
dear = (price > 1).astype("float32")

numbers_in = keras.Input((4,), name="numbers")
kind_in = keras.Input((1,), dtype="int32", name="kind")
k = layers.Flatten()(layers.Embedding(3, 4)(kind_in))
t = layers.Concatenate()([numbers_in, k])
t = layers.Dense(64, activation="relu")(t)
t = layers.Dense(64, activation="relu")(t)
outputs = [layers.Dense(1, name="price")(t), layers.Dense(1, activation="sigmoid", name="dear")(t)]
model = keras.Model([numbers_in, kind_in], outputs)
model.compile(
    optimizer=keras.optimizers.Adam(1e-2),
    loss={"price": "mse", "dear": "binary_crossentropy"},
    loss_weights={"price": 1.0, "dear": 0.5},
)
model.fit({"numbers": numbers, "kind": kind}, {"price": price, "dear": dear}, epochs=10)
some_price, some_dear = model.predict({"numbers": numbers[:3], "kind": kind[:3]}, verbose=0)
print(np.column_stack([price[:3], some_price, some_dear]))
