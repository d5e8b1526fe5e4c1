#!/usr/bin/env python3
"""Trains recurrent layers on lamina, torch and keras, turn by turn, and prints ratios; then memory
of long attention, and decoding.

    python bench/sequences.py [--python PATH]... [--rounds 3] [--quick]

lamina runs in this interpreter; torch and keras (on JAX), where importable, in those that --python
names. Each engine runs all cases of a part in one process; figures are medians over the rounds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from models import importable

HERE = Path(__file__).resolve().parent
WORKLOAD = str(HERE / "workload_sequences.py")
GRID = [
    [cell, units, directions, batch, "dense"]
    for cell in ("LSTM", "GRU")
    for units in (64, 128, 256, 512)
    for directions in (1, 2)
    for batch in (1, 8, 64)
]
LENGTHS = [
    [cell, units, 1, batch, kind]
    for cell in ("LSTM", "GRU")
    for units in (64, 256)
    for batch in (16, 64)
    for kind in ("padded", "equal", "ragged")
]
TARGET, OVERHEAD, PACKED = 2.0, 1.25, 5.0  # times the best peer; of equal lengths; of torch
LONG = (2048, 4096, 8192)  # steps that attention trains on
MEMORY, GROWTH = 2000, 2.1  # MB at the most steps; for twice as many steps
STEP_MS, FLAT = 0.02, 1.1  # of a model nearly without arithmetic; beyond what reading takes


def engines_of(peers: list[str]) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Engine -> (command without cases, environment)."""
    found = {"lamina": ([sys.executable, WORKLOAD, "lamina"], {})}
    for peer in peers:
        if importable(peer, "torch"):
            for name in ("torch", "torch-compile"):
                found.setdefault(name, ([peer, WORKLOAD, name], {}))
        if importable(peer, "keras") and importable(peer, "jax"):
            found.setdefault("keras", ([peer, WORKLOAD, "keras"], {"KERAS_BACKEND": "jax"}))
    return found


def run(command: list[str], env: dict[str, str], cases: list, timeout: float) -> dict[str, float]:
    """Seconds of a step by case; cases that failed are left out, with a message."""
    out: dict[str, float] = {}
    try:
        done = subprocess.run(
            [*command, json.dumps(cases)],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        text, error = done.stdout, done.stderr
    except subprocess.TimeoutExpired as e:
        text = (e.stdout or b"").decode() if isinstance(e.stdout, bytes) else e.stdout or ""
        error = f"no end after {timeout:g} s"
    for line in text.splitlines():
        if line.startswith("{"):
            result = json.loads(line)
            out[json.dumps(result["case"])] = result["seconds"]
    if len(out) < len(cases):
        why = (error.strip().splitlines() or ["failed"])[-1]
        print(f"! {command[-1]}: {len(cases) - len(out)} cases missing: {why}", file=sys.stderr)
    return out


def measure(engines: dict, cases: dict[str, list], rounds: int, timeout: float) -> dict:
    """Median seconds by engine and case."""
    seen: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds):
        for name, (command, env) in engines.items():
            for case, seconds in run(command, env, cases[name], timeout).items():
                seen.setdefault((name, case), []).append(seconds)
            print(f"round {number + 1} {name}", file=sys.stderr, flush=True)
    return {key: statistics.median(values) for key, values in seen.items()}


def row(cells: list, values: dict, case: list, engines: list[str], ratio, target: float) -> str:
    """A line of a table."""
    key = json.dumps(case)
    figures = [f"{values[e, key] * 1e3:.3g}" if (e, key) in values else "-" for e in engines]
    verdict = ["-", f"{target:g}x", "-"]
    if ratio is not None:
        holds = ratio <= target if target == OVERHEAD else ratio >= target
        verdict = [f"{ratio:.2f}x", f"{target:g}x", "yes" if holds else "no"]
    return f"| {' | '.join([*map(str, cells), *figures, *verdict])} |"


def training(engines: dict, args: argparse.Namespace, cases: list) -> list[str]:
    """Against the best peer."""
    values = measure(engines, dict.fromkeys(engines, cases), args.rounds, args.timeout)
    head = ["cell", "units", "directions", "batch", *engines, "lamina / best", "target", "holds"]
    lines = ["training, ms a step (100 steps of 128 numbers)\n"]
    lines += [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    ratios = []
    for case in cases:
        key = json.dumps(case)
        peers = [values[e, key] for e in engines if e != "lamina" and (e, key) in values]
        ratio = min(peers) / values["lamina", key] if peers and ("lamina", key) in values else None
        if ratio is not None:
            ratios.append(ratio)
        lines.append(row(case[:4], values, case, list(engines), ratio, TARGET))
    if ratios:
        lines.append(f"\ngeometric mean {statistics.geometric_mean(ratios):.2f}x")
    return lines


def lengths(engines: dict, args: argparse.Namespace, cases: list) -> list[str]:
    """Sequences of 10 to 200 steps against ones of their mean length, and against torch's packed
    ones."""
    engines = {k: v for k, v in engines.items() if k in ("lamina", "torch")}
    wanted = {e: [c for c in cases if e == "lamina" or c[4] != "ragged"] for e in engines}
    values = measure(engines, wanted, args.rounds, args.timeout)
    head = ["cell", "units", "batch", "steps", *engines, "ratio", "target", "holds"]
    lines = ["\ntraining on sequences of 10 to 200 steps, ms a step; padded and ragged: time over"]
    lines += ["that of equal lengths; the last column of each: torch's packed time over lamina's\n"]
    lines += [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for case in cases:
        key, equal = json.dumps(case), json.dumps([*case[:4], "equal"])
        own, base = values.get(("lamina", key)), values.get(("lamina", equal))
        packed = values.get(("torch", json.dumps([*case[:4], "padded"])))
        names = [case[0], case[1], case[3], case[4]]
        over = own / base if own and base and case[4] != "equal" else None
        lines.append(row(names, values, case, list(engines), over, OVERHEAD))
        if own and packed and case[4] != "equal":
            names[3] = f"{case[4]}, against packed"
            lines.append(row(names, values, case, list(engines), packed / own, PACKED))
    return lines


def attention(rounds: int) -> list[str]:
    """Memory of long sequences, and the time of a token when its keys and values are kept."""

    def figures(kind: str, size: int, count: int) -> list:
        command = [sys.executable, str(HERE / "workload_attention.py"), kind, str(size)]
        runs = [subprocess.check_output(command, text=True) for _ in range(count)]
        return [next(iter(json.loads(r).values())) for r in runs]

    def verdict(value: float, target: float, unit: str) -> str:
        return f"{value:.3g}{unit} | {target:.4g}{unit} | {'yes' if value <= target else 'no'} |"

    lines = ["\nmemory of a training step of causal attention, 8 heads of 64, one sequence\n"]
    lines += ["| steps | MB | of half as many | target | holds |", "|---|---|---|---|---|"]
    before = None
    for steps in LONG:
        (mb,) = figures("memory", steps, 1)
        growth = verdict(mb / before, GROWTH, "x") if before else "- | - | - |"
        lines.append(f"| {steps} | {mb:.0f} | {growth}")
        before = mb
    lines.append(f"| {LONG[-1]} in all | - | {verdict(before, MEMORY, ' MB')}")
    lines += [
        "\ndecoding one token after the other, 4 blocks, ms a token; of the wide one the last over"
    ]
    lines += ["the first, against what they read of weights, keys and values, and a tenth\n"]
    for width in (16, 512):
        seen = figures("decode", width, rounds)
        ms = {int(p): statistics.median(run[p] for run in seen) for p in seen[0]}
        if width == 16:
            head = ["width", *(f"token {p}" for p in ms), "figure", "target", "holds"]
            lines += [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
        first, last = min(ms), max(ms)
        read = {p: 4 * 12 * width + 1000 + 4 * 2 * p for p in ms}  # times the width
        figure = verdict(ms[first], STEP_MS, " ms")
        if width > 16:
            figure = verdict(ms[last] / ms[first], FLAT * read[last] / read[first], "x")
        lines.append(f"| {width} | {' | '.join(f'{v:.3g}' for v in ms.values())} | {figure}")
    return lines


def main() -> int:
    """Runs all and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", action="append", help="interpreter with peers; may be repeated")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=1200, help="seconds for one process")
    parser.add_argument("--quick", action="store_true", help="a few cases only")
    parts = ["training", "lengths", "attention"]
    parser.add_argument("--part", choices=parts, help="one part only")
    args = parser.parse_args()
    engines = engines_of(args.python or [sys.executable])
    grid, spread = (GRID[::7], LENGTHS[:6]) if args.quick else (GRID, LENGTHS)
    lines = []
    if args.part in (None, "training"):
        lines += training(engines, args, grid)
    if args.part in (None, "lengths"):
        lines += lengths(engines, args, spread)
    if args.part in (None, "attention"):
        lines += attention(args.rounds)
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
