#!/usr/bin/env python3
"""How much of Keras lamina has: every public name, whether its arguments and defaults are the same,
and whether tests/oracle compares it with Keras.

Usage: keras_coverage.py [--strict] [--all] [NAMESPACE...]
Without --all, only names that are missing, differ or are not compared are listed. Needs Keras (the
extra "oracle"). --strict fails where less than 95 % of the names that count are compared, or one is
missing or not compared and nothing below says why.
"""

import argparse
import importlib
import inspect
import os
import re
import sys
from operator import attrgetter
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

ROOT = Path(__file__).parents[1]
# Those that count, and others that are only listed.
COUNTED = (
    "layers", "losses", "metrics", "optimizers", "optimizers.schedules", "callbacks", "ops",
    "ops.image", "ops.linalg", "ops.nn", "ops.numpy", "initializers", "regularizers",
    "constraints", "activations", "utils", "random",
)  # fmt: skip
OTHERS = (
    "models", "saving", "config", "tree", "dtype_policies", "mixed_precision", "backend",
    "datasets", "preprocessing.image", "preprocessing.sequence", "visualization", "applications",
    "distillation", "distribution", "export", "legacy", "quantizers", "wrappers",
)  # fmt: skip

# Why a name is missing: (pattern of "namespace.name", reason).
REASONS = [
    (r"layers\.(JaxLayer|FlaxLayer|TFSMLayer|TorchModuleWrapper)", "other frameworks' layers"),
    (r"callbacks\.Orbax.*", "a checkpoint format of JAX"),
    (r".*\.(legacy|experimental).*", "legacy"),
    (r"dtype_policies\..*(Quantized|Int4|GPTQ|AWQ).*", "quantization"),
    (r"applications\..*", "networks that were trained elsewhere"),
    (r"distillation\..*", "training recipes; a Model with its own train_step does the same"),
    (r"distribution\..*", "one process on one machine"),
    (r"export\..*", "other runtimes' formats; C++ programs link lamina"),
    (r"quantizers\..*", "quantization"),
    (r"wrappers\..*", "scikit-learn's interface"),
]
# Why a name is there and not compared: (pattern, reason).
NOT_COMPARED = [
    (r"layers\.(Hashing|HashedCrossing|.*Lookup|TextVectorization)", "TensorFlow's in Keras"),
    (r"callbacks\.TensorBoard", "TensorFlow's in Keras"),
    (r"utils\.(.*dataset.*|FeatureSpace)", "TensorFlow's in Keras, or tested by what they yield"),
    (r"utils\.(.*img.*|PyDataset|Sequence)", "with Pillow: tests/oracle/test_image_files.py"),
    (r"utils\.(Config|Progbar|get_file|model_to_dot|plot_model)", "tested by what they do"),
]
EVERY_LAYER = {"name", "trainable", "dtype", "activity_regularizer", "autocast"}


def reason_of(full: str, reasons: list[tuple[str, str]]) -> str:
    """Why a name is missing, or not compared, as far as is said above."""
    return next((why for pattern, why in reasons if re.fullmatch(pattern, full)), "")


def find(package: object, dotted: str) -> object | None:
    """package.a.b, or None."""
    try:
        return attrgetter(dotted)(package)
    except AttributeError:
        return None


def parameters_of(thing: object) -> list[inspect.Parameter] | None:
    """Its parameters, or None where they cannot be told."""
    try:
        return list(inspect.signature(thing).parameters.values())  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def plain(value: object) -> object:
    """A default with one spelling: (2, 2) is 2, 1 is 1.0, nothing is "linear" or channels last."""
    if isinstance(value, (list, tuple)):
        items = [plain(v) for v in value]
        return items[0] if items and all(v == items[0] for v in items) else tuple(items)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if value in ("linear", "channels_last", None):
        return None
    if isinstance(value, str):
        return value.lower()  # "Zeros" is "zeros"
    return value if isinstance(value, bool) else repr(value)


def shown(parameter: inspect.Parameter) -> str:
    """Its default in words."""
    return "none" if parameter.default is inspect.Parameter.empty else repr(parameter.default)


def difference(theirs: object, ours: object) -> str:
    """What is not the same about the arguments; empty where all is."""
    expected, got = parameters_of(theirs), parameters_of(ours)
    if expected is None:
        return ""
    if got is None:
        return "no signature"
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    open_ended = any(p.kind in variadic for p in expected)
    names = [p.name for p in expected if p.kind not in variadic]
    if any(p.kind in variadic for p in got) and names and not {p.name for p in got} & set(names):
        return "no signature"
    wanted = {p.name: p for p in expected if p.kind not in variadic}
    have = {p.name: p for p in got if p.kind not in variadic}
    out = [f"lacks {n}" for n in names if n not in have]
    extra = [n for n in have if n not in wanted and not (open_ended and n in EVERY_LAYER)]
    shared = [n for n in have if n in wanted]
    if shared != [n for n in names if n in have]:
        out.append("order")
    out += [
        f"{n}={shown(have[n])}, Keras has {shown(wanted[n])}"
        for n in shared
        if plain(have[n].default) != plain(wanted[n].default)
        and not (n == "name" and wanted[n].default is None)  # a name made from the class
    ]
    required = [n for n in extra if have[n].default is inspect.Parameter.empty]
    return "; ".join(out + [f"requires {n}" for n in required])


def covered() -> set[tuple[str, str]]:
    """What the rows of tests/oracle name."""
    sys.path.insert(0, str(ROOT / "tests"))
    for file in sorted((ROOT / "tests" / "oracle").glob("test_*.py")):
        try:
            importlib.import_module(f"oracle.{file.stem}")
        except BaseException as e:
            if type(e).__name__ != "Skipped":  # by pytest, for what is not installed
                raise
    return importlib.import_module("oracle.support").COVERED


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("namespaces", nargs="*", default=[])
    parser.add_argument("--strict", action="store_true", help="fail below 95 %% or without reasons")
    parser.add_argument("--all", action="store_true", help="list names that are all right too")
    options = parser.parse_args()
    import keras

    import lamina

    tested = {id(find(keras, f"{namespace}.{name}")) for namespace, name in covered()}
    counts: dict[str, list[int]] = {}
    unexplained = []
    for namespace in options.namespaces or COUNTED + OTHERS:
        module = importlib.import_module(f"keras.{namespace}")
        names = sorted(
            n for n, v in vars(module).items() if not n.startswith("_") and not inspect.ismodule(v)
        )
        count = counts.setdefault(namespace, [len(names), 0, 0, 0])
        for name in names:
            theirs, ours = getattr(module, name), find(lamina, f"{namespace}.{name}")
            full = f"{namespace}.{name}"
            compared = ours is not None and id(theirs) in tested
            why = "" if compared else reason_of(full, REASONS if ours is None else NOT_COMPARED)
            if not compared and not why and (ours is None or namespace in COUNTED):
                unexplained.append(full)
            if ours is None:
                print(f"{full:48} missing   {why}")
                continue
            differs = difference(theirs, ours)
            count[1] += 1
            count[2] += not differs
            count[3] += compared
            if options.all or differs or not compared:
                label = "compared" if compared else "there"
                print(f"{full:48} {label:9} {'; '.join(filter(None, (differs, why)))}")
    there, compared = print_counts(counts)
    print(f"\nof the names that count {there:.1f} % are there, {compared:.1f} % compared")
    if unexplained:
        print(f"\nmissing or not compared without a reason: {', '.join(unexplained)}")
    return int(options.strict and (compared < 95 or bool(unexplained)))


def print_counts(counts: dict[str, list[int]]) -> tuple[float, float]:
    """Totals for each namespace. Returns the shares that are there and compared, of what counts."""
    print(f"\n{'namespace':24}{'names':>7}{'there':>7}{'%':>7}{'same':>7}{'compared':>10}")
    total = [sum(c[i] for n, c in counts.items() if n in COUNTED) for i in range(4)]
    for namespace, (names, there, same, compared) in [*counts.items(), ("total", total)]:
        share = 100 * there / max(names, 1)
        print(f"{namespace:24}{names:7}{there:7}{share:7.1f}{same:7}{compared:10}")
    print("(the total is of the namespaces up to random, which count)")
    return 100 * total[1] / max(total[0], 1), 100 * total[3] / max(total[0], 1)


if __name__ == "__main__":
    sys.exit(main())
