"""Pictures of models."""

import re
import xml.etree.ElementTree as ET

import pytest

import lamina

L = lamina.layers
NS = "{http://www.w3.org/2000/svg}"


def model():
    x, y = lamina.Input((4,), name="x"), lamina.Input((4,), name="y")
    shared = L.Dense(3, activation="relu", name="shared")
    inner = lamina.Sequential(
        [lamina.Input((3,)), L.Dense(5, name="deep"), L.Dense(2, name="deeper")], name="inner"
    )
    a, b = inner(shared(x)), shared(y)
    return lamina.Model([x, y], L.Concatenate(name="joined")([a, b, b + 1.0]))


def edges(dot):
    names = {
        number: title
        for number, title in re.findall(r'^"(\d+)" \[.*?<b>([^< (]*)', dot, re.MULTILINE)
    }
    names = {k: re.sub(r"_\d+$", "", v) for k, v in names.items()}
    return {(names[a], names[b]) for a, b in re.findall(r'"(\d+)" -> "(\d+)"', dot)}


def test_dot():
    dot = lamina.utils.model_to_dot(model()).to_string()
    assert edges(dot) == {
        ("x", "shared"), ("y", "shared"), ("shared", "inner"), ("shared", "add"),
        ("inner", "joined"), ("shared", "joined"), ("add", "joined"),
    }  # fmt: skip
    assert dot.startswith("digraph G {\nrankdir=TB;")


def test_models_inside():
    dot = lamina.utils.model_to_dot(model(), expand_nested=True).to_string()
    assert 'subgraph "cluster_inner"' in dot
    assert {("shared", "deep"), ("deep", "deeper"), ("deeper", "joined")} <= edges(dot)


def test_what_boxes_say():
    made = model()
    made.get_layer("shared").trainable = False
    dot = lamina.utils.model_to_dot(
        made, show_shapes=True, show_dtype=True, show_layer_activations=True, show_trainable=True,
        rankdir="LR",
    ).to_string()  # fmt: skip
    for text in (
        "rankdir=LR", "Input shape: (None, 4)", "Output shape: (None, 3)", "Output dtype: float32",
        "Activation: <b>relu</b>", "Non-trainable", "shared (Dense)", "inner (Sequential)",
    ):  # fmt: skip
        assert text in dot
    plain = lamina.utils.model_to_dot(made, show_layer_names=False).to_string()
    assert "<b>Dense</b>" in plain and "shared" not in plain


@pytest.mark.parametrize("rankdir", ["TB", "LR"])
def test_svg(tmp_path, rankdir):
    made = model()
    lamina.utils.plot_model(
        made, tmp_path / "model.svg", show_shapes=True, show_layer_names=True, rankdir=rankdir,
        expand_nested=True,
    )  # fmt: skip
    root = ET.parse(tmp_path / "model.svg").getroot()
    texts = [t.text for t in root.iter(f"{NS}text")]
    assert "shared (Dense)" in texts and "inner" in texts
    boxes = [
        tuple(float(r.get(k)) for k in ("x", "y", "width", "height"))
        for r in root.iter(f"{NS}rect")
        if r.get("fill") == "black"
    ]
    for i, (x, y, w, h) in enumerate(boxes):  # none lies over another
        for u, v, s, t in boxes[i + 1 :]:
            assert x + w <= u or u + s <= x or y + h <= v or v + t <= y
    width, height = float(root.get("width")), float(root.get("height"))
    assert all(x + w <= width + 1 and y + h <= height + 1 for x, y, w, h in boxes)
    along = 1 if rankdir == "TB" else 0
    names = [t for t in texts if t and "(" in t and "shape" not in t]
    places = dict(zip(names, boxes))
    assert places["x (InputLayer)"][along] < places["shared (Dense)"][along]
    assert places["deep (Dense)"][along] < places["deeper (Dense)"][along]


@pytest.mark.parametrize("ending", ["png", "pdf", "jpg"])
def test_pictures(tmp_path, ending):
    pytest.importorskip("PIL")
    path = tmp_path / f"model.{ending}"
    lamina.utils.plot_model(model(), path, show_shapes=True, dpi=96)
    assert path.stat().st_size > 1000


def test_text_for_graphviz(tmp_path):
    lamina.utils.plot_model(model(), tmp_path / "model.dot")
    assert (tmp_path / "model.dot").read_text().startswith("digraph")


def test_wrong_arguments(tmp_path):
    with pytest.raises(ValueError, match="not yet been built"):
        lamina.utils.model_to_dot(lamina.Sequential([L.Dense(2)]))
    with pytest.raises(ValueError, match="Unrecognized"):
        lamina.utils.plot_model(model(), tmp_path / "m.svg", colour="red")
    with pytest.raises(ValueError, match="expected svg"):
        lamina.utils.plot_model(model(), tmp_path / "m.bmp")
    with pytest.raises(ValueError, match="rankdir"):
        lamina.utils.model_to_dot(model(), rankdir="up")
