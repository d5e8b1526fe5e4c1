"""Pictures of models: graphs of their layers, as DOT text, SVG or PNG."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass, field
from typing import Any

from lamina import _core
from lamina.utils import _drawing
from lamina.utils._drawing import Box


@dataclass
class Graph:
    """Boxes, edges between them by number, and frames around boxes of models inside."""

    rankdir: str = "TB"
    dpi: int = 200
    splines: str = "ortho"
    boxes: list[Box] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)
    frames: list[tuple[str, list[int]]] = field(default_factory=list)

    def to_string(self) -> str:
        """The graph in the language of Graphviz."""
        lines = [
            "digraph G {",
            f"rankdir={self.rankdir};",
            "concentrate=True;",
            f"dpi={self.dpi};",
            f"splines={self.splines};",
            "node [shape=record];",
        ]
        inside = {i: n for n, (_, members) in enumerate(self.frames) for i in members}
        for n, (name, members) in enumerate(self.frames):
            lines.append(f"subgraph {_quoted(f'cluster_{name}')} {{")
            lines.append(f"style=dashed; label={_quoted(name)}; labeljust=l;")
            lines += [self._node(i) for i in members if inside[i] == n]
            lines.append("}")
        lines += [self._node(i) for i in range(len(self.boxes)) if i not in inside]
        lines += [f'"{a}" -> "{b}" [penwidth=2];' for a, b in self.edges]
        return "\n".join([*lines, "}", ""])

    def _node(self, i: int) -> str:
        return f'"{i}" [fontname=Helvetica, border=0, margin=0, label={_label(self.boxes[i])}];'

    def to_svg(self) -> str:
        """The picture as SVG."""
        return _drawing.svg(self.boxes, self.edges, self.frames, self.rankdir)

    def write(self, path: Any, prog: Any = None, format: str | None = None) -> bool:
        """Write a file.

        Args:
            path: The file.
            prog: Unused: the picture is drawn here.
            format: "svg", "png", "jpg", "pdf", or "dot" or "raw" for the text; the path's ending by
                default.

        Raises:
            ValueError: Another format.
            ImportError: "png", "jpg" or "pdf", and Pillow is not installed.
        """
        format = format or os.path.splitext(os.fspath(path))[1][1:].lower() or "png"
        if format in ("svg", "dot", "raw"):
            text = self.to_svg() if format == "svg" else self.to_string()
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        elif format in ("png", "jpg", "jpeg", "pdf"):
            picture = _drawing.raster(self.boxes, self.edges, self.frames, self.rankdir, self.dpi)
            picture.save(path, format="jpeg" if format == "jpg" else format)
        else:
            raise ValueError(f"plot_model: expected svg, png, jpg, pdf or dot, received '{format}'")
        return True


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _label(box: Box) -> str:
    """A table, as Keras draws it."""
    columns = max(len(box.cells), 1)
    rows = [
        f'<tr><td colspan="{columns}" bgcolor="black"><font point-size="16" color="white">'
        f"<b>{html.escape(box.title)}</b></font></td></tr>"
    ]
    if box.activation:
        rows.append(
            f'<tr><td bgcolor="white" colspan="{columns}"><font point-size="14">'
            f"Activation: <b>{html.escape(box.activation)}</b></font></td></tr>"
        )
    cells = []
    for text, color in box.cells:
        ink = "black" if color == "white" else "white"
        cells.append(
            f'<td bgcolor="{color}"><font point-size="14" color="{ink}">{html.escape(text)}'
            "</font></td>"
        )
    if cells:
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return (
        '<<table border="0" cellborder="1" bgcolor="black" cellpadding="10">'
        + "".join(rows)
        + "</table>>"
    )


# ---- graphs of models


@dataclass
class _Options:
    show_shapes: bool
    show_dtype: bool
    show_layer_names: bool
    expand_nested: bool
    show_layer_activations: bool
    show_trainable: bool


def _box(layer: Any, options: _Options, shapes: tuple[str, str, str] | None = None) -> Box:
    """A box for a layer; of an input, its name, shape and dtype say all."""
    kind = "InputLayer" if shapes else layer.class_name
    if not shapes and type(layer).__name__ != "Layer":
        kind = type(layer).__name__
    if kind == "Model" and layer._functional:
        kind = "Functional"
    if kind == "Operation":
        kind = layer.get_config()["op"]
    name = shapes[0] if shapes else layer.name
    box = Box(f"{name} ({kind})" if options.show_layer_names else kind)
    if shapes:
        if options.show_shapes:
            box.cells.append((f"Output shape: {shapes[1]}", "white"))
        if options.show_dtype:
            box.cells.append((f"Output dtype: {shapes[2]}", "white"))
        return box
    if options.show_layer_activations and getattr(layer, "activation", None) is not None:
        activation = layer.activation
        box.activation = getattr(activation, "__name__", None) or str(activation)
    if options.show_shapes:
        box.cells.append((f"Input shape: {_of(layer, 'input', 'shape')}", "white"))
        box.cells.append((f"Output shape: {_of(layer, 'output', 'shape')}", "white"))
    if options.show_dtype:
        box.cells.append((f"Output dtype: {_of(layer, 'output', 'dtype')}", "white"))
    if options.show_trainable and layer.weights:
        text = "Trainable" if layer.trainable else "Non-trainable"
        box.cells.append((text, "forestgreen" if layer.trainable else "firebrick"))
    return box


def _of(layer: Any, which: str, what: str) -> str:
    try:
        tensors = getattr(layer, which)
    except (ValueError, AttributeError):
        return "?"
    if isinstance(tensors, (list, tuple)):
        return str([getattr(t, what) for t in tensors])
    return str(getattr(tensors, what))


def _add(graph: Graph, box: Box) -> int:
    graph.boxes.append(box)
    return len(graph.boxes) - 1


def _add_layer(graph: Graph, layer: Any, options: _Options) -> tuple[list[int], list[int]]:
    """Boxes for a layer: those that its inputs go to, and those that its outputs come from."""
    nested = isinstance(layer, _core.Sequential) or getattr(layer, "_functional", False)
    if not (nested and options.expand_nested):
        i = _add(graph, _box(layer, options))
        return [i], [i]
    first = len(graph.boxes)
    place = len(graph.frames)
    ends = _add_model(graph, layer, options)
    graph.frames.insert(place, (layer.name, list(range(first, len(graph.boxes)))))
    return ends


def _add_model(graph: Graph, model: Any, options: _Options) -> tuple[list[int], list[int]]:
    if isinstance(model, _core.Sequential):
        begin: list[int] = []
        end: list[int] = []
        for layer in model.layers:
            first, last = _add_layer(graph, layer, options)
            graph.edges += [(a, b) for a in end for b in first]
            begin, end = begin or first, last
        return begin, end
    if not model._functional:
        i = _add(graph, _box(model, options))
        return [i], [i]
    config = model._serialize()["config"]
    layers = {la.name: la for la in model._layers}
    specs = {t.name: (t.name, str(t.shape), t.dtype) for t in model.inputs}
    into: dict[str, list[int]] = {}
    out: dict[str, list[int]] = {}
    for described in config["layers"]:
        name = described["name"]
        if name in layers:
            into[name], out[name] = _add_layer(graph, layers[name], options)
        else:
            i = _add(graph, _box(None, options, specs.get(name, (name, "?", "?"))))
            into[name], out[name] = [i], [i]

    def source(reference: list) -> int:
        return out[reference[0]][min(reference[2], len(out[reference[0]]) - 1)]

    for described in config["layers"]:
        ends = into[described["name"]]
        for node in described.get("inbound_nodes", ()):
            references = [*node["inputs"], *(node.get("tensors") or {}).values()]
            for i, reference in enumerate(references):
                edge = (source(reference), ends[min(i, len(ends) - 1)])
                if edge not in graph.edges:
                    graph.edges.append(edge)
    ends = config["output_layers"]
    return (
        [into[r[0]][0] for r in config["input_layers"]],
        [source(r) for r in (ends.values() if isinstance(ends, dict) else ends)],
    )


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Graph:
    """The layers of a model as a graph.

    Args:
        model: A model that is built.
        show_shapes: Whether to show the shapes of inputs and outputs.
        show_dtype: Whether to show the element types of outputs.
        show_layer_names: Whether to show the names of the layers.
        rankdir: "TB" from top to bottom, "LR" from left to right.
        expand_nested: Whether to show the layers of models inside, in a frame.
        dpi: Dots an inch of a picture.
        subgraph: Unused.
        show_layer_activations: Whether to show the activations of layers that have one.
        show_trainable: Whether to show which layers with weights are trained.
        splines: How Graphviz is to draw edges.

    Returns:
        An object with `to_string()`, the text for Graphviz, and `write(path)`.

    Raises:
        ValueError: The model is not built, or an unknown argument.

    Example:

    >>> import lamina
    >>> model = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(2, name="first")])
    >>> "first (Dense)" in lamina.utils.model_to_dot(model).to_string()
    True
    """
    if not model.built:
        raise ValueError(
            "This model has not yet been built. Build the model first by calling `build()` or by "
            "calling the model on a batch of data."
        )
    if kwargs.pop("layer_range", None) is not None:
        raise ValueError("Argument `layer_range` is no longer supported.")
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments: {kwargs}")
    if rankdir not in ("TB", "LR"):
        raise ValueError(f"model_to_dot: rankdir must be 'TB' or 'LR', received {rankdir!r}")
    graph = Graph(rankdir, dpi, splines)
    options = _Options(
        show_shapes, show_dtype, show_layer_names, expand_nested, show_layer_activations,
        show_trainable,
    )  # fmt: skip
    _add_model(graph, model, options)
    return graph


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """A picture of a model's layers in a file.

    It is drawn without another program: ".svg" without any package, ".png", ".jpg" and ".pdf" with
    Pillow; ".dot" is the text for Graphviz.

    Args:
        model: A model that is built.
        to_file: The file, whose ending gives the format.
        show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi: As of
            `model_to_dot`.
        show_layer_activations, show_trainable, splines: As of `model_to_dot`.

    Returns:
        The picture for a notebook, where IPython is installed.

    Raises:
        ValueError: The model is not built, or an unknown format or argument.
        ImportError: The format needs Pillow, which is not installed.
    """
    graph = model_to_dot(
        model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi, False,
        show_layer_activations, show_trainable, splines, **kwargs,
    )  # fmt: skip
    path = os.fspath(to_file)
    ending = os.path.splitext(path)[1][1:].lower() or "png"
    graph.write(path, format=ending)
    if ending not in ("svg", "png", "jpg", "jpeg"):
        return None
    try:
        from IPython import display
    except ImportError:
        return None
    return display.SVG(filename=path) if ending == "svg" else display.Image(filename=path)
