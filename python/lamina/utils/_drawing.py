"""Layered drawings of graphs: boxes in rows along the edges, after Sugiyama et al. (1981)."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any

_TITLE, _TEXT = 16, 14  # heights of letters
_PAD, _BETWEEN, _ROWS = 10, 30, 45  # inside a box, between boxes of a row, between rows
_WIDTH_OF_LETTER = 0.6  # of the height


@dataclass
class Box:
    """What is written in a box."""

    title: str
    activation: str = ""
    cells: list[tuple[str, str]] = field(default_factory=list)  # text and color
    # Set by the layout: the upper left corner, and the size.
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0

    def measure(self) -> None:
        """Find the size from the texts."""
        self.height = _TITLE + 2 * _PAD
        self.width = _length(self.title, _TITLE)
        if self.activation:
            self.width = max(self.width, _length(f"Activation: {self.activation}", _TEXT))
            self.height += _TEXT + 2 * _PAD
        if self.cells:
            self.width = max(self.width, sum(_length(text, _TEXT) for text, _ in self.cells))
            self.height += _TEXT + 2 * _PAD

    def parts(self) -> list[tuple[float, float, float, float, str, str, int]]:
        """Rectangles in the box: x, y, width, height, text, color, height of letters."""
        out = [(self.x, self.y, self.width, _TITLE + 2.0 * _PAD, self.title, "black", _TITLE)]
        y = self.y + _TITLE + 2 * _PAD
        if self.activation:
            text = f"Activation: {self.activation}"
            out.append((self.x, y, self.width, _TEXT + 2.0 * _PAD, text, "white", _TEXT))
            y += _TEXT + 2 * _PAD
        wanted = [_length(text, _TEXT) for text, _ in self.cells]
        x = self.x
        for (text, color), w in zip(self.cells, wanted):
            w *= self.width / sum(wanted)
            out.append((x, y, w, _TEXT + 2.0 * _PAD, text, color, _TEXT))
            x += w
        return out


def _length(text: str, height: int) -> float:
    return len(text) * height * _WIDTH_OF_LETTER + 2 * _PAD


@dataclass
class _Place:
    """A box, or a bend of an edge that passes a row, in the order of a row."""

    box: Box | None
    along: float = 0.0  # size in the direction of the row
    at: float = 0.0  # its middle
    neighbours: list[int] = field(default_factory=list)  # in the row before


def layout(
    boxes: list[Box], edges: list[tuple[int, int]], rankdir: str
) -> tuple[list[list[tuple[float, float]]], float, float]:
    """Put the boxes in place; gives the points of each edge, and width and height of it all."""
    for box in boxes:
        box.measure()
    rank = _ranks(len(boxes), edges)
    sideways = rankdir == "LR"
    places = [_Place(b, b.height if sideways else b.width) for b in boxes]
    rows: list[list[int]] = [[] for _ in range(max(rank, default=0) + 1)]
    for i, r in enumerate(rank):
        rows[r].append(i)
    chains = []
    for a, b in edges:  # long edges bend in each row that they pass
        chain = [a]
        for r in range(rank[a] + 1, rank[b]):
            places.append(_Place(None, 10.0, neighbours=[chain[-1]]))
            chain.append(len(places) - 1)
            rows[r].append(chain[-1])
        places[b].neighbours.append(chain[-1])
        chains.append([*chain, b])
    _place_rows(rows, places)
    width = 0.0
    depth = float(_PAD)
    bounds: dict[int, tuple[float, float]] = {}
    for row in rows:
        deepest = max((_depth(places[i], sideways) for i in row), default=0.0)
        for i in row:
            place = places[i]
            own = _depth(place, sideways)
            bounds[i] = (depth, depth + (own if place.box else deepest))
            if place.box:
                corner = (place.at - place.along / 2, depth)
                place.box.x, place.box.y = reversed(corner) if sideways else corner
            width = max(width, place.at + place.along / 2)
        depth += deepest + _ROWS
    points = []
    for chain in chains:
        line = [(places[chain[0]].at, bounds[chain[0]][1])]
        for i in chain[1:-1]:
            line += [(places[i].at, bounds[i][0]), (places[i].at, bounds[i][1])]
        line.append((places[chain[-1]].at, bounds[chain[-1]][0]))
        points.append([(y, x) if sideways else (x, y) for x, y in line])
    size = (width + _PAD, depth - _ROWS + _PAD)
    return points, *(reversed(size) if sideways else size)


def _depth(place: _Place, sideways: bool) -> float:
    if place.box is None:
        return 0.0
    return place.box.width if sideways else place.box.height


def _ranks(n: int, edges: list[tuple[int, int]]) -> list[int]:
    """Row of each box: the longest way from a box without a source."""
    rank = [0] * n
    for _ in range(n):
        changed = False
        for a, b in edges:
            if a != b and rank[b] < rank[a] + 1 < n:
                rank[b], changed = rank[a] + 1, True
        if not changed:
            break
    return rank


def _place_rows(rows: list[list[int]], places: list[_Place]) -> None:
    """Order each row by the middle of what is above it, and centre it."""
    widest = max((_width(row, places) for row in rows), default=0.0)
    for row in rows:
        wanted = {
            i: (
                sum(places[n].at for n in places[i].neighbours) / len(places[i].neighbours)
                if places[i].neighbours
                else float("inf")
            )
            for i in row
        }
        row.sort(key=lambda i: wanted[i])
        at = _PAD + (widest - _width(row, places)) / 2
        for i in row:
            places[i].at = at + places[i].along / 2
            at += places[i].along + _BETWEEN


def _width(row: list[int], places: list[_Place]) -> float:
    return sum(places[i].along for i in row) + _BETWEEN * (len(row) - 1)


def _frame(members: list[int], boxes: list[Box]) -> tuple[float, float, float, float]:
    inside = [boxes[i] for i in members]
    left, top = min(b.x for b in inside), min(b.y for b in inside)
    right, bottom = max(b.x + b.width for b in inside), max(b.y + b.height for b in inside)
    return left - 6, top - 18, right - left + 12, bottom - top + 24


def svg(boxes: list[Box], edges: Any, frames: Any, rankdir: str) -> str:
    """The drawing as SVG."""
    points, width, height = layout(boxes, edges, rankdir)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="-10 -20 {width + 20:.0f} {height + 30:.0f}" font-family="Helvetica">',
        '<defs><marker id="end" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z"/></marker></defs>',
    ]
    for name, members in frames:
        x, y, w, h = _frame(members, boxes)
        out.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="none" '
            f'stroke="black" stroke-dasharray="5"/><text x="{x + 4:.1f}" y="{y + 13:.1f}" '
            f'font-size="13">{html.escape(name)}</text>'
        )
    for line in points:
        path = " L".join(f"{x:.1f},{y:.1f}" for x, y in line)
        out.append(
            f'<path d="M{path}" fill="none" stroke="black" stroke-width="2" '
            'marker-end="url(#end)"/>'
        )
    for box in boxes:
        for x, y, w, h, text, color, letters in box.parts():
            ink = "black" if color == "white" else "white"
            middle = f'x="{x + w / 2:.1f}" y="{y + h / 2 + letters * 0.35:.1f}"'
            out.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{color}" '
                f'stroke="black"/><text {middle} font-size="{letters}" fill="{ink}" '
                f'text-anchor="middle">{html.escape(text)}</text>'
            )
    return "\n".join([*out, "</svg>", ""])


def raster(boxes: list[Box], edges: Any, frames: Any, rankdir: str, dpi: int) -> Any:
    """The drawing as a Pillow image."""
    from lamina.utils._images import pillow

    image = pillow()
    from PIL import ImageDraw, ImageFont

    points, width, height = layout(boxes, edges, rankdir)
    s = dpi / 96
    picture = image.new("RGB", (int((width + 20) * s), int((height + 30) * s)), "white")
    draw = ImageDraw.Draw(picture)
    fonts = {size: ImageFont.load_default(size * s) for size in (_TITLE, _TEXT, 13)}

    def at(x: float, y: float) -> tuple[float, float]:
        return ((x + 10) * s, (y + 20) * s)

    for name, members in frames:
        x, y, w, h = _frame(members, boxes)
        draw.rectangle([at(x, y), at(x + w, y + h)], outline="gray")
        draw.text(at(x + 4, y + 2), name, fill="black", font=fonts[13])
    for line in points:
        draw.line([at(*p) for p in line], fill="black", width=max(int(2 * s), 1))
        (x, y), (px, py) = line[-1], line[-2]
        if abs(y - py) >= abs(x - px):
            head = [(x, y), (x - 4, y - 8), (x + 4, y - 8)]
        else:
            head = [(x, y), (x - 8, y - 4), (x - 8, y + 4)]
        draw.polygon([at(*p) for p in head], fill="black")
    for box in boxes:
        for x, y, w, h, text, color, letters in box.parts():
            draw.rectangle([at(x, y), at(x + w, y + h)], fill=color, outline="black")
            ink = "black" if color == "white" else "white"
            middle = at(x + w / 2, y + h / 2)
            draw.text(middle, text, fill=ink, font=fonts[letters], anchor="mm")
    return picture
