"""Training of recurrent layers on one engine, in a process of its own.

    python workload_sequences.py lamina|keras|torch|torch-compile CASES

CASES is a JSON list of [cell, units, directions, batch, kind]. Prints a JSON line for each: the
seconds of a training step. kind: "dense"; "padded", sequences of 10 to 200 steps with a mask (for
torch: packed); "equal", as many steps in sequences of one length; "ragged", for lamina, as "padded"
without the padding.
"""

import importlib
import json
import os
import sys
import time

import numpy as np

ENGINE, CASES = sys.argv[1], json.loads(sys.argv[2])
SECONDS = float(os.environ.get("SECONDS_EACH", "1"))
FEATURES, STEPS, LONGEST = 128, 100, 200


def data(units, directions, batch, kind):
    """Inputs, a mask or None, lengths or None, targets."""
    rng = np.random.default_rng(0)
    steps, lengths = STEPS, None
    if kind != "dense":
        # A spread of twenty times, evenly over the logarithm.
        lengths = np.exp(np.linspace(np.log(LONGEST / 20), np.log(LONGEST), batch)).astype(int)
        rng.shuffle(lengths)
        steps = LONGEST if kind != "equal" else round(lengths.mean())
    x = rng.normal(size=(batch, steps, FEATURES)).astype("float32")
    y = rng.normal(size=(batch, units * directions)).astype("float32")
    if kind in ("dense", "equal"):
        return x, None, None, y
    mask = np.arange(steps) < lengths[:, None]
    return x * mask[..., None], mask, lengths, y


def timed(step):
    """Median seconds of a step."""
    for _ in range(3):
        step()
    times, end = [], time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def keras_step(K, cell, units, directions, batch, kind):
    """One epoch of several steps through fit."""
    x, _, lengths, y = data(units, directions, batch, kind)
    layer = getattr(K.layers, cell)(units)
    layers = [K.layers.Bidirectional(layer) if directions == 2 else layer]
    repeats = 4
    if kind == "ragged":
        x = K.Ragged([row[:n] for row, n in zip(x, lengths)] * repeats)
    else:
        x = np.concatenate([x] * repeats)
    if kind == "padded":
        layers.insert(0, K.layers.Masking())
    model = K.Sequential([K.Input((None, FEATURES)), *layers])
    model.compile(K.optimizers.SGD(1e-3), "mse")
    y = np.concatenate([y] * repeats)
    return lambda: model.fit(x, y, batch_size=batch, shuffle=False, verbose=0), repeats


def torch_step(torch, cell, units, directions, batch, kind, compiled):
    """One step as PyTorch users write it."""
    x, _, lengths, y = data(units, directions, batch, kind)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    rnn = getattr(torch.nn, cell)(FEATURES, units, batch_first=True, bidirectional=directions == 2)
    optimizer = torch.optim.SGD(rnn.parameters(), 1e-3)
    pack = torch.nn.utils.rnn.pack_padded_sequence

    def loss():
        given = x
        if lengths is not None:
            given = pack(x, torch.from_numpy(lengths), batch_first=True, enforce_sorted=False)
        _, h = rnn(given)
        h = h[0] if cell == "LSTM" else h
        return ((torch.cat(list(h), 1) - y) ** 2).mean()

    run = torch.compile(loss) if compiled else loss

    def step():
        optimizer.zero_grad()
        run().backward()
        optimizer.step()

    return step, 1


def main():
    """Runs all cases."""
    for case in CASES:
        if ENGINE.startswith("torch"):
            torch = importlib.import_module("torch")
            step, steps = torch_step(torch, *case, compiled=ENGINE == "torch-compile")
        else:
            step, steps = keras_step(importlib.import_module(ENGINE), *case)
        print(json.dumps({"case": case, "seconds": timed(step) / steps}), flush=True)


main()
