"""The generated reference covers every public name."""

import pathlib
import sys

import lamina

TOOLS = pathlib.Path(__file__).parents[1] / "tools"


def test_pages(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    import make_docs

    assert make_docs.write(tmp_path) > 10000
    text = "\n".join(f.read_text() for f in tmp_path.glob("*.md"))
    for page in ["layers", *make_docs.PAGES]:
        for name in make_docs.public_names(getattr(lamina, page)):
            assert f"### lamina.{page}.{name}\n" in text
    assert "`lamina.layers.Dense(units, activation=None, use_bias=True," in text
    assert "`lamina.ops.conv(inputs, kernel, strides=1, padding='valid'," in text
    index = (tmp_path / "index.md").read_text()
    assert all(f"({f.name})" in index for f in tmp_path.glob("*.md") if f.name != "index.md")
    modules = {n for n, m in vars(lamina).items() if isinstance(m, type(sys)) and n[0] != "_"}
    assert modules - set(make_docs.PAGES) - {"layers"} <= {"autograd", "demo"}
