"""A convolutional network on handwritten digits: Sequential, fit, evaluate, save."""

import lamina as keras
from lamina import layers

keras.utils.set_random_seed(0)
(x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()

model = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        layers.Rescaling(1 / 16),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ]
)
model.summary()
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(
    x_train[..., None].astype("float32"),
    y_train,
    epochs=15,
    validation_split=0.1,
    callbacks=[keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)],
)
loss, accuracy = model.evaluate(x_test[..., None].astype("float32"), y_test, verbose=0)
print(f"test accuracy {accuracy:.4f}")
model.save("digits.safetensors")
