#!/usr/bin/env python3
"""Never slower with more threads: a training step and a prediction over widths and batch sizes.

    python bench/threads.py [--threads 2] [--rounds 7]

Prints, for each width and batch size, the time with n threads as a share of the time with one,
taken turn by turn; the target is at most 1.05.
"""

import argparse
import statistics
import sys
import time
from functools import partial

import numpy as np

import lamina
from lamina import layers

WIDTHS = [4, 16, 64, 256, 1024, 4096]
BATCHES = [1, 8, 32, 128, 1024]
TARGET = 1.05


def seconds(function, least):
    """Seconds of one call, over as many calls as `least` seconds take."""
    calls, begin = 0, time.perf_counter()
    while True:
        function()
        calls += 1
        taken = time.perf_counter() - begin
        if taken >= least:
            return taken / calls


def ratio(function, threads, rounds, least):
    """Median over rounds of time with n threads / time with one."""
    shares = []
    for i in range(rounds):
        both = {}
        for n in (1, threads) if i % 2 else (threads, 1):
            lamina.config.set_num_threads(n)
            function()
            both[n] = seconds(function, least)
        shares.append(both[threads] / both[1])
    return statistics.median(shares)


def main() -> int:
    """Runs all and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--least", type=float, default=0.03, help="seconds of one measurement")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    missed = 0
    print(f"time with {args.threads} threads / time with one; target {TARGET}")
    print("| width | batch | train step | holds | predict | holds |")
    print("|---|---|---|---|---|---|")
    for width in WIDTHS:
        model = lamina.Sequential(
            [
                lamina.Input((width,)),
                layers.Dense(width, activation="relu"),
                layers.LayerNormalization(),
                layers.Dense(width),
            ]
        )
        model.compile("adam", "mse")
        for batch in BATCHES:
            x = rng.normal(size=(batch, width)).astype("float32")
            cells = []
            for run in (partial(model.train_on_batch, x, x), partial(model.predict_on_batch, x)):
                share = ratio(run, args.threads, args.rounds, args.least)
                missed += share > TARGET
                cells += [f"{share:.2f}", "yes" if share <= TARGET else "no"]
            print(f"| {width} | {batch} | {' | '.join(cells)} |", flush=True)
    print(f"{missed} missed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
