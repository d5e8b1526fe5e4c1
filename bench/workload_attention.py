"""Attention over long sequences on lamina, in a process of its own.

    python workload_attention.py memory STEPS    # trains 8 heads of 64 once on so many steps
    python workload_attention.py decode WIDTH    # decodes 2,048 tokens, one by one

Prints one JSON line: the peak of memory in MB beyond what a few steps take; or milliseconds a token
of a decoder of 4 blocks, median of the 64 before each of some positions.
"""

import json
import resource
import sys
import time

import numpy as np

import lamina
from lamina import layers

POSITIONS = (128, 512, 1024, 2048)


def peak():
    """Megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory(steps):
    """Of one training step of causal attention, beyond one of 64 steps."""
    inputs = lamina.Input((None, 512))
    outputs = layers.MultiHeadAttention(8, 64)(inputs, inputs, use_causal_mask=True)
    model = lamina.Model(inputs, outputs)
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(1, steps, 512)).astype("float32")
    model.train_on_batch(x[:, :64], x[:, :64])
    before = peak()
    model.train_on_batch(x, x)
    return {"mb": peak() - before}


def decode(width):
    """Greedy decoding of a model that has learnt nothing: the time is the same."""
    tokens = lamina.Input((None,), dtype="int32")
    x = layers.Embedding(1000, width)(tokens)
    x = layers.Add()([x, layers.PositionEmbedding(POSITIONS[-1])(x)])
    for _ in range(4):
        x = layers.TransformerDecoder(4 * width, max(1, width // 64))(x)
    decoder = lamina.models.CachedDecoder(
        lamina.Model(tokens, layers.Dense(1000)(x)), POSITIONS[-1]
    )
    token, times = np.array([[1]], "int32"), []
    for _run in range(2):  # the first one captures
        decoder.reset()
        for _ in range(POSITIONS[-1]):
            start = time.perf_counter()
            logits = decoder(token).numpy()
            times.append(time.perf_counter() - start)
            token[0, 0] = logits[0, 0].argmax()
    times = times[POSITIONS[-1] :]
    return {"ms": {p: 1e3 * float(np.median(times[p - 64 : p])) for p in POSITIONS}}


print(json.dumps({"memory": memory, "decode": decode}[sys.argv[1]](int(sys.argv[2]))))
