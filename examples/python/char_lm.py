"""A language model of characters: trains, writes text, and saves a model that C++ writes with.

    python examples/python/char_lm.py
    build/cpp/generate char_lm.safetensors "hello"     # examples/cpp/generate.cpp

The text is that of conversations of volunteers (chitchat-dataset 0.9.0, MIT licence, Will Myers),
a message a line. The result is bits per character, compared with those of n-grams of characters:
in these minutes the network passes 4-grams. With --quick, a smaller network on less text, 3-grams.
"""

import argparse
import json

import numpy as np
from fetch import pypi
from ngram import KneserNey

import lamina as keras
from lamina import decoding, layers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="a smaller network and less text")
quick = parser.parse_args().quick

keras.utils.set_random_seed(0)
folder = pypi(
    "chitchat-dataset==0.9.0", "7bf89f36645e2d5ec87d53370c8e851b5a688479c7beb7079cb4c87fc5acea3e"
)
with open(folder / "chitchat_dataset" / "dataset.json") as f:
    chats = [c["messages"] for c in json.load(f).values()]


def tokens_of(some):
    """Characters of conversations, as the numbers of ASCII."""
    lines = (message["text"] for chat in some for turn in chat for message in turn)
    text = "\n".join(" ".join(line.lower().split()) for line in lines) + "\n"
    return np.frombuffer(text.encode("ascii", "ignore"), "uint8").astype("int32")


# Whole conversations are set aside for the test.
test = tokens_of(chats[:100])
train = tokens_of(chats[100:])[: 1_000_000 if quick else 3_000_000]
WIDTH, LENGTH, UNITS = 128, 50, 128 if quick else 256


def windows(tokens):
    """Pieces of LENGTH characters, and the characters that follow each of theirs."""
    n = (len(tokens) - 1) // LENGTH * LENGTH
    return tokens[:n].reshape(-1, LENGTH), tokens[1 : n + 1].reshape(-1, LENGTH)


embed = layers.Embedding(WIDTH, 64)
lstm = layers.LSTM(UNITS, return_sequences=True, return_state=True)
dense = layers.Dense(WIDTH)

text = keras.Input((None,), dtype="int32")
model = keras.Model(text, dense(lstm(embed(text))[0]))
epochs = 2 if quick else 3
x, y = windows(train)
model.compile(
    keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(5e-3, epochs * -(-len(x) // 32)), clipnorm=1.0
    ),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
model.fit(x, y, batch_size=32, epochs=epochs, verbose=2)

# The same layers, a character at a time: (character, states) -> (logits, states).
states = [keras.Input((UNITS,)), keras.Input((UNITS,))]
out, *new_states = lstm(embed(text), initial_state=states)
stepper = keras.Model([text, *states], [dense(out), *new_states])
stepper.save("char_lm.safetensors")


def next(tokens, states):
    """What lamina.decoding asks for."""
    logits, *states = stepper([tokens, *states])
    return logits, states


prompt = "hello, how "
start = [np.zeros((1, UNITS), "float32")] * 2
tokens = decoding.sample(next, [[*prompt.encode()]], 200, states=start, temperature=0.7, seed=1)[0]
print(prompt + bytes(tokens).decode())

bits = model.evaluate(*windows(test), batch_size=32, verbose=0) / np.log(2)
grams = {}
for order in (3, 4, 5):
    p = KneserNey([train.tolist()], order, WIDTH).probabilities(test.tolist())
    grams[order] = -np.log2(p).mean()
    print(f"{order}-grams: {grams[order]:.3f} bits per character")
print(f"network: {bits:.3f} bits per character")
assert bits < grams[3 if quick else 4]
