"""A layer of one's own: it runs in Python once, when the training step is captured."""

import numpy as np

import lamina as keras
from lamina import layers, ops


@keras.saving.register_keras_serializable(package="examples")
class Gate(keras.Layer):
    """x * sigmoid(x W)."""

    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def build(self, input_shape):
        n = input_shape[-1]
        self.kernel = self.add_weight(shape=(n, n), initializer="glorot_uniform", name="kernel")

    def call(self, x):
        return x * ops.sigmoid(self.scale * ops.matmul(x, self.kernel))

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


keras.utils.set_random_seed(0)
x = np.random.default_rng(0).normal(size=(1000, 8)).astype("float32")
y = (x[:, :1] * x[:, 1:2]).astype("float32")
model = keras.Sequential(
    [keras.Input((8,)), layers.Dense(32, activation="tanh"), Gate(2.0), layers.Dense(1)]
)
model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="mse")
history = model.fit(x, y, epochs=10, verbose=2)
model.save("gate.safetensors")
again = keras.load_model("gate.safetensors")
assert np.array_equal(model.predict(x, verbose=0), again.predict(x, verbose=0))
print("loss", history.history["loss"][-1])
