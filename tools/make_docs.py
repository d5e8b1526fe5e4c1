#!/usr/bin/env python3
"""Writes the reference: a Markdown page for each family of public names, from their docstrings.

Usage: make_docs.py [FOLDER], build/docs by default.
"""

import inspect
import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path

# Layers by family: the first pattern that fits a name.
LAYER_FAMILIES = [
    ("Recurrent layers", r".*(RNN|LSTM|GRU|Bidirectional|TimeDistributed).*"),
    ("Attention layers", r".*(Attention|Position|Rotary|Transformer).*"),
    ("Pooling layers", r".*Pool(ing)?\dD|.*(MaxPool|AvgPool).*"),
    ("Convolution layers", r".*Conv.*"),
    ("Normalization layers", r"(Batch|Layer|Group|Unit|RMS|Spectral)Norm.*"),
    ("Augmentation layers", r"(Random(?!Fourier).*|.*Mix|AugMix|Auto.*|Equalization|Solarization)"),
    (
        "Preprocessing layers",
        r"(Rescaling|Normalization|Discretization|.*Encoding|Hash.*|.*Lookup|.*Crop"
        r"|Resizing|Text.*|MelSpec.*|STFT.*|.*BoundingBox.*|MaxNumBound.*|Pipeline)",
    ),
    (
        "Merging layers",
        r"(?i)(Add|Average|Concatenate|Dot|Maximum|Minimum|Multiply|Subtract)",
    ),
    ("Reshaping layers", r"(Crop|Flatten|Permute|RepeatVector|Reshape|UpSampl|ZeroPad).*"),
    ("Activation layers", r"(Activation|ELU|LeakyReLU|PReLU|ReLU|Softmax|ThresholdedReLU)"),
    ("Regularization layers", r"(.*Dropout.*|Gaussian.*|ActivityRegularization|AlphaDropout)"),
    ("Core layers", r".*"),
]
PAGES = [
    "activations", "backend", "callbacks", "config", "constraints", "datasets", "decoding",
    "dtype_policies", "initializers", "losses", "metrics", "mixed_precision", "models", "ops",
    "optimizers", "preprocessing", "random", "regularizers", "saving", "text", "tree", "utils",
    "visualization",
]  # fmt: skip


def public_names(module: types.ModuleType) -> list[str]:
    """What a module offers, sorted: its __all__ and what else is lamina's and callable."""
    names = set(getattr(module, "__all__", []))
    for name, value in vars(module).items():
        ours = str(getattr(value, "__module__", "")).startswith("lamina")
        if name[0] != "_" and callable(value) and ours:
            names.add(name)
    return sorted(n for n in names if not inspect.ismodule(getattr(module, n)))


def default(value: object) -> str:
    """A default as a reader would write it."""
    if isinstance(value, list):
        return repr(tuple(value))
    return f"{value.__name__}" if hasattr(value, "__name__") else repr(value)


def signature_of(thing: object) -> inspect.Signature | None:
    """Its signature, or None where it cannot be told."""
    try:
        return inspect.signature(thing)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def docstring_of(thing: object) -> str:
    """The docstring without the signature that the extension writes."""
    text = inspect.getdoc(thing) or ""
    name = getattr(thing, "__name__", "")
    first, _, rest = text.partition("\n")
    return rest.strip("\n") if name and first.startswith(f"{name}(") else text


def heading(name: str, thing: object) -> str:
    """A name with its arguments."""
    signature = signature_of(thing) if callable(thing) else None
    if signature is None:
        return f"### {name}"
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    arguments = [
        stars.get(p.kind, "")
        + p.name
        + ("" if p.default is inspect.Parameter.empty else f"={default(p.default)}")
        for p in signature.parameters.values()
        if p.name not in ("self", "cls")
    ]
    return f"### {name}\n\n`{name}({', '.join(arguments)})`"


def markdown(text: str) -> str:
    """A docstring: sections in bold, arguments as a list, examples as code."""
    out: list[str] = []
    code = False
    for line in text.splitlines():
        example = line.startswith((">>> ", "... ")) or (code and line.strip())
        if example and not code:
            out.append("```python")
        elif code and not example:
            out.append("```")
        code = bool(example)
        if code:
            out.append(line)
        elif re.fullmatch(r"(Args|Arguments|Returns|Raises|Examples?|Yields|Attributes):", line):
            out += [f"**{line[:-1]}**", ""]
        elif re.match(r"    [\w*]+(, [\w*]+)*: ", line):
            name, rest = line.strip().split(": ", 1)
            out.append(f"- `{name}`: {rest}")
        else:
            out.append(line[4:] if line.startswith("        ") else line.strip())
    if code:
        out.append("```")
    return "\n".join(out)


def entry(name: str, thing: object) -> str:
    """A name's part of a page."""
    text = docstring_of(thing) if callable(thing) else repr(thing)
    return f"{heading(name, thing)}\n\n{markdown(text)}\n"


def pages() -> Iterator[tuple[str, str, list[tuple[str, object]]]]:
    """(file, title, entries) of every page."""
    import lamina

    left = {n: getattr(lamina.layers, n) for n in public_names(lamina.layers)}
    for title, pattern in LAYER_FAMILIES:
        members = [n for n in left if re.fullmatch(pattern, n)]
        file = title.lower().replace(" ", "_")
        if members:
            yield file, title, [(f"lamina.layers.{n}", left.pop(n)) for n in members]
    top = [(f"lamina.{n}", getattr(lamina, n)) for n in public_names(lamina)]
    yield "lamina", "lamina", top
    for page in PAGES:
        module = getattr(lamina, page)
        yield page, f"lamina.{page}", list(entries_of(module, f"lamina.{page}"))


def entries_of(module: types.ModuleType, path: str) -> Iterator[tuple[str, object]]:
    """Names of a module and of the modules in it."""
    for name in public_names(module):
        yield f"{path}.{name}", getattr(module, name)
    for name, part in sorted(vars(module).items()):
        if (
            inspect.ismodule(part)
            and name[0] != "_"
            and part.__name__ == f"{module.__name__}.{name}"
        ):
            yield from entries_of(part, f"{path}.{name}")


def write(folder: Path) -> int:
    """Writes the pages and an index; the number of bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    index, total = ["# Reference\n"], 0
    for file, title, members in pages():
        body = "\n".join(entry(name, thing) for name, thing in members)
        text = f"# {title}\n\n{body}"
        (folder / f"{file}.md").write_text(text)
        index.append(f"- [{title}]({file}.md): {len(members)} names")
        total += len(text)
    (folder / "index.md").write_text("\n".join(index) + "\n")
    return total


def main() -> int:
    """Writes the pages and says where."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build/docs")
    size = write(folder)
    print(f"{size / 1000:.0f} kB in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
