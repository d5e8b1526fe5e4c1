"""Learns to add from characters: "123+45" -> "168".

A sequence-to-sequence network of LSTMs (Sutskever et al., 2014; addition: Zaremba & Sutskever,
2014), tested on sums that it has not seen. With --quick sums of numbers of two digits.
"""

import argparse

import numpy as np

import lamina as keras
from lamina import layers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="numbers of two digits")
digits = 2 if parser.parse_args().quick else 3

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
CHARACTERS = " +0123456789"


def encode(texts, length):
    """Characters as one-hot vectors, (n, length, characters)."""
    rows = [[CHARACTERS.index(c) for c in t.ljust(length)] for t in texts]
    return keras.utils.to_categorical(rows, len(CHARACTERS)).astype("float32")


# No question of the test is in the training data, the other way round neither.
pairs = [(a, b) for a in range(10**digits) for b in range(a, 10**digits)]
train, test = {2: (8000, 1000), 3: (60000, 2000)}[digits]
chosen = [pairs[i] for i in rng.choice(len(pairs), train // 2 + test, replace=False)]
chosen += [(b, a) for a, b in chosen[test:]]
chosen = chosen[test:] + chosen[:test]
# Backwards, the digits that belong together are nearer to each other.
x = encode([f"{a}+{b}"[::-1] for a, b in chosen], 2 * digits + 1)
y = encode([str(a + b) for a, b in chosen], digits + 1)

model = keras.Sequential(
    [
        keras.Input(x.shape[1:]),
        layers.LSTM(128),
        layers.RepeatVector(digits + 1),
        layers.LSTM(128, return_sequences=True),
        layers.Dense(len(CHARACTERS), activation="softmax"),
    ]
)
epochs = 60 if digits == 2 else 30
steps = epochs * -(-train // 64)
model.compile(
    keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps)),
    "categorical_crossentropy",
    metrics=["accuracy"],
)
model.fit(x[:train], y[:train], batch_size=64, epochs=epochs, verbose=2)


def exact(predicted):
    """Share of test sums with every character right."""
    return (predicted.argmax(-1) == y[train:].argmax(-1)).all(1).mean()


# To compare with: the answer to the most similar question of the training data.
flat = x.reshape(len(x), -1)
similar = np.concatenate([(part @ flat[:train].T).argmax(1) for part in np.split(flat[train:], 10)])
baseline = exact(y[similar])
accuracy = exact(model.predict(x[train:], verbose=0))
for (a, b), row in zip(chosen[train : train + 5], model.predict(x[train : train + 5], verbose=0)):
    print(f"{a} + {b} = {''.join(CHARACTERS[i] for i in row.argmax(-1))}")
print(f"exact sums: {accuracy:.2%} (answer to the most similar question: {baseline:.2%})")
assert accuracy >= 0.99
