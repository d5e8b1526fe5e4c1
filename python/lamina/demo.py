"""The demonstration: a small convolutional network learns to read handwritten digits.

python -m lamina demo [--epochs N] [--output FILE] [--export-test FILE]
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import numpy as np

EPOCHS = 20
TARGET = 0.98


def build_model() -> Any:
    """The network: pixels 0 to 16 in, ten probabilities out."""
    from lamina import Input, Sequential, layers

    return Sequential(
        [
            Input((8, 8, 1)),
            layers.Rescaling(1 / 16),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.4),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ],
        name="digits",
    )


def curve(history: dict[str, list[float]], height: int = 8, width: int = 60) -> str:
    """Training (.) and validation (*) accuracy over the epochs, as lines of text."""
    series = [
        (mark, history[name])
        for mark, name in ((".", "accuracy"), ("*", "val_accuracy"))
        if history.get(name)
    ]
    if not series:
        return ""
    epochs = max(len(values) for _, values in series)
    step = max(1, min(6, width // epochs))
    # The first epochs are far below the rest: the worst sixth may lie on the bottom line.
    seen = sorted(v for _, values in series for v in values if v == v)
    low = seen[len(seen) // 6] if seen else 0.0
    low = min(int(low * 20) / 20, 0.95)
    rows = [[" "] * (epochs * step) for _ in range(height)]
    for mark, values in series:
        for i, value in enumerate(values):
            if value == value:  # not NaN
                up = round((value - low) / (1 - low) * (height - 1))
                rows[min(max(up, 0), height - 1)][i * step + step - 1] = mark
    lines = ["accuracy   . training   * validation"]
    for up in reversed(range(height)):
        label = f"{low + (1 - low) * up / (height - 1):6.3f}"
        lines.append(f"{label} |{''.join(rows[up])}")
    lines.append("       +" + "-" * (epochs * step))
    lines.append(f"{'epoch 1':>15}{epochs!s:>{max(epochs * step - 8, 1)}}")
    return "\n".join(lines)


def run(
    epochs: int | None = None,
    output: str | os.PathLike = "lamina_demo.safetensors",
    export_test: str | os.PathLike | None = None,
    verbose: int = 1,
) -> int:
    """Train, show, save, load and compare.

    Args:
        epochs: Number of epochs; the accuracy is checked only where it is the default.
        output: Model file to write.
        export_test: `.npy` file to write the test images to (float32, `(360, 8, 8, 1)`), for C++
            programs; none by default.
        verbose: As for `fit`.

    Returns:
        int: Exit status: 0, or 1 where the accuracy is too low or the loaded model disagrees.
    """
    import lamina

    lamina.utils.set_random_seed(0)
    (x_train, y_train), (x_test, y_test) = lamina.datasets.digits.load_data()
    x_train = x_train[..., None].astype("float32")
    x_test = x_test[..., None].astype("float32")
    model = build_model()
    model.compile(
        optimizer=lamina.optimizers.Adam(2e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.summary()
    start = time.perf_counter()
    history = model.fit(
        x_train,
        y_train.astype("int32"),
        batch_size=32,
        epochs=EPOCHS if epochs is None else epochs,
        validation_data=(x_test, y_test.astype("int32")),
        verbose=verbose,
    )
    seconds = time.perf_counter() - start
    print()
    print(curve(history.history))
    print()
    accuracy = model.evaluate(x_test, y_test.astype("int32"), verbose=0, return_dict=True)[
        "accuracy"
    ]
    print(
        f"Trained in {seconds:.1f} s on {lamina.config.num_threads()} threads "
        f"({lamina.config.cpu_isa()})."
    )
    print(f"Test accuracy: {accuracy:.4f} ({len(x_test)} images)")
    predictions = model.predict(x_test, verbose=0)
    model.save(output)
    print(f"Saved to {os.fspath(output)} ({os.path.getsize(output):,} bytes).")
    again = lamina.load_model(output).predict(x_test, verbose=0)
    status = 0
    if np.array_equal(predictions.view("uint32"), again.view("uint32")):
        print("Loaded again: all predictions agree bit for bit.")
    else:
        difference = float(np.abs(predictions - again).max())
        print(f"The loaded model's predictions differ, by up to {difference:g}.", file=sys.stderr)
        status = 1
    if export_test is not None:
        with open(export_test, "wb") as f:
            np.save(f, x_test)
        print(f"Test images written to {os.fspath(export_test)}.")
    if epochs is None and not accuracy >= TARGET:
        print(f"The accuracy is below {TARGET}.", file=sys.stderr)
        status = 1
    return status
