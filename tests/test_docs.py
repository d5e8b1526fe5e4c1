"""The examples in docstrings, the README and the guide run as they stand."""

import doctest
import inspect
import pathlib
import re
from operator import attrgetter

import pytest

import lamina

MODULES = [
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "decoding",
    "dtype_policies",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "preprocessing.image",
    "random",
    "regularizers",
    "saving",
    "tree",
    "utils",
    "visualization",
]
ROOT = pathlib.Path(__file__).parents[1]


def public(module):
    for name, value in vars(module).items():
        if not name.startswith("_") and not inspect.ismodule(value):
            yield name, value


def examples():
    seen = set()
    for module in [lamina, *(attrgetter(m)(lamina) for m in MODULES)]:
        for name, value in public(module):
            members = [(name, value)]
            if inspect.isclass(value):
                members += [(f"{name}.{k}", v) for k, v in vars(value).items() if callable(v)]
            for label, member in members:
                text = inspect.getdoc(member) or ""
                if ">>>" in text and text not in seen:
                    seen.add(text)
                    yield pytest.param(text, id=f"{module.__name__}.{label}")


EXAMPLES = list(examples())


@pytest.mark.parametrize("text", EXAMPLES)
def test_example(text):
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    test = doctest.DocTestParser().get_doctest(text, {}, "example", None, 0)
    report = []
    doctest.DocTestRunner(optionflags=flags).run(test, out=report.append)
    assert not report, "".join(report)


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_page(page, tmp_path, monkeypatch):
    """All of a page's Python blocks, one after the other."""
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.S):
        exec(compile(block, page.name, "exec"), names)
