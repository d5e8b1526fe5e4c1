#!/usr/bin/env python3
"""Trains and runs six models on lamina and on its peers, turn by turn, and prints ratios.

    python bench/models.py [--python PATH]... [--models mlp,lstm] [--rounds 3]

lamina runs in this interpreter; torch and keras, where importable, in those that --python names.
Each measurement has a process of its own; figures are medians over the rounds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODELS = ["tabular", "mlp", "convnet", "resnet20", "lstm", "transformer"]
# Title, key, whether more is better, least ratio to the best peer, the same for single models,
# least geometric mean of the ratios. Memory is measured against torch alone.
METRICS = [
    ("training, samples a second", "train_per_s", True, 1.3, {}, 2.0),
    ("bulk prediction, samples a second", "predict_per_s", True, 1.2, {}, 1.7),
    ("one call on one sample, ms", "call1_ms", False, 1.0, {"tabular": 3.0, "mlp": 2.0}, None),
    ("predict of one sample, ms", "predict1_ms", False, 1.0, {}, None),
    ("peak memory, MB", "rss_mb", False, 2.0, {}, None),
    ("import, s", "import_s", False, 1.0, {}, None),
]


def importable(python: str, module: str) -> bool:
    """Whether an interpreter has a module."""
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return subprocess.run([python, "-c", code], capture_output=True).returncode == 0


def find_engines(peers: list[str], wanted: str | None) -> dict[str, tuple[list[str], dict]]:
    """Engine -> (command without the model, environment)."""
    keras, torch = str(HERE / "workload_keras.py"), str(HERE / "workload_torch.py")
    engines: dict[str, tuple[list[str], dict[str, str]]] = {}
    if importable(sys.executable, "lamina"):
        engines["lamina"] = ([sys.executable, keras, "{}", "lamina"], {})
    for peer in peers:
        if importable(peer, "torch"):
            engines.setdefault("torch", ([peer, torch, "{}", "eager"], {}))
            engines.setdefault("torch-compile", ([peer, torch, "{}", "compile"], {}))
        if importable(peer, "keras"):
            for backend, module in (("jax", "jax"), ("tf", "tensorflow"), ("torch", "torch")):
                if importable(peer, module):
                    name = {"tf": "tensorflow"}.get(backend, backend)
                    env = {"KERAS_BACKEND": name, "TF_CPP_MIN_LOG_LEVEL": "3"}
                    engines.setdefault(f"keras-{backend}", ([peer, keras, "{}", "keras"], env))
    if wanted:
        unknown = set(wanted.split(",")) - engines.keys()
        if unknown:
            sys.exit(f"not to be had: {sorted(unknown)}; there are {list(engines)}")
        return {name: engines[name] for name in wanted.split(",")}
    engines.pop("keras-torch", None)  # far behind torch itself; only when asked for
    return engines


def measure(command: list[str], env: dict[str, str], model: str, timeout: float) -> dict | None:
    """The figures of one run, or None with a message where it failed."""
    command = [part.format(model) if part == "{}" else part for part in command]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=True,
        )
        return json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        why = f"no result after {timeout:g} s"
    except subprocess.CalledProcessError as e:
        why = (e.stderr.strip().splitlines() or ["failed"])[-1]
    except (ValueError, IndexError):
        why = "no result in its output"
    print(f"! {model} {command[-1]}: {why}", file=sys.stderr, flush=True)
    return None


def table(rows: dict[tuple[str, str], list[dict]], models: list[str], engines: list[str]) -> str:
    """Markdown tables of medians, with lamina's ratio to the best peer, the target, and whether it
    holds."""
    lines = []
    for title, key, more, least, special, least_mean in METRICS:
        head = ["model", *engines, "lamina / best peer", "target", "holds"]
        lines += [f"\n{title}\n", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
        ratios = []
        for model in models:
            values = {}
            for engine in engines:
                seen = [r[key] for r in rows.get((model, engine), []) if r.get(key) is not None]
                if seen:
                    values[engine] = statistics.median(seen)
            cells = [f"{values[e]:.4g}" if e in values else "-" for e in engines]
            rivals = {"torch"} if key == "rss_mb" else set(engines) - {"lamina"}
            peers = [v for e, v in values.items() if e in rivals]
            target = special.get(model, least)
            cells += ["-", f"{target:g}x", "-"]
            if peers and "lamina" in values:
                best = max(peers) if more else min(peers)
                ratios.append(values["lamina"] / best if more else best / values["lamina"])
                cells[-3] = f"{ratios[-1]:.2f}x"
                cells[-1] = "yes" if ratios[-1] >= target else "no"
            lines.append(f"| {model} | {' | '.join(cells)} |")
        if least_mean and ratios:
            mean = statistics.geometric_mean(ratios)
            lines.append(
                f"\ngeometric mean {mean:.2f}x, target {least_mean:g}x: "
                f"{'holds' if mean >= least_mean else 'missed'}"
            )
    return "\n".join(lines)


def main() -> int:
    """Runs all and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", action="append", help="interpreter with peers; may be repeated")
    parser.add_argument("--models", default=",".join(MODELS), help="comma-separated")
    parser.add_argument("--engines", help="comma-separated; all that can be had by default")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=300, help="seconds for one run")
    parser.add_argument("--json", help="also write every figure to this file")
    args = parser.parse_args()
    models = args.models.split(",")
    if unknown := set(models) - set(MODELS):
        parser.error(f"unknown models {sorted(unknown)}")
    engines = find_engines(args.python or [sys.executable], args.engines)
    if not engines:
        sys.exit("neither lamina nor a peer can be imported")
    rows: dict[tuple[str, str], list[dict]] = {}
    for number in range(args.rounds):
        for model in models:
            for name, (command, env) in engines.items():
                result = measure(command, env, model, args.timeout)
                if result is not None:
                    rows.setdefault((model, name), []).append(result)
                    print(
                        f"round {number + 1} {model:12} {name:14} "
                        f"{result['train_per_s']:10.0f} {result['predict_per_s']:10.0f}",
                        file=sys.stderr,
                        flush=True,
                    )
    if args.json:
        flat = [{"model": m, "engine": e, **r} for (m, e), rs in rows.items() for r in rs]
        Path(args.json).write_text(json.dumps(flat, indent=1))
    print(table(rows, models, list(engines)))
    return 0 if all((m, "lamina") in rows for m in models) or "lamina" not in engines else 1


if __name__ == "__main__":
    sys.exit(main())
