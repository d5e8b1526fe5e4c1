"""Boxes, masks and galleries of images, with the names of `keras.visualization`; through Pillow."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from lamina.utils._images import _format, pillow

# Of a box in each format, the corners as shares of its numbers: (left, top, right, bottom).
_CORNERS: dict[str, Callable] = {
    "xyxy": lambda a, b, c, d: (a, b, c, d),
    "yxyx": lambda a, b, c, d: (b, a, d, c),
    "xywh": lambda a, b, c, d: (a, b, a + c, b + d),
    "center_xywh": lambda a, b, c, d: (a - c / 2, b - d / 2, a + c / 2, b + d / 2),
    "center_yxhw": lambda a, b, c, d: (b - d / 2, a - c / 2, b + d / 2, a + c / 2),
}


def _batch(images: Any) -> np.ndarray:
    x = np.asarray(images)
    if x.ndim != 4:
        raise ValueError(f"`images` must be batched 4D tensor. Received: images.shape={x.shape}")
    return x


def _corners(boxes: np.ndarray, format: str, height: int, width: int) -> np.ndarray:
    """Boxes (..., 4) as left, top, right and bottom in pixels."""
    kind = format.lower()
    relative = kind.startswith("rel_")
    kind = kind[4:] if relative else kind
    if kind not in _CORNERS:
        raise ValueError(
            f"Unknown bounding_box_format '{format}'. Expected one of {sorted(_CORNERS)}, or one "
            "of these with 'rel_' in front"
        )
    corners = np.stack(_CORNERS[kind](*np.moveaxis(boxes, -1, 0)), axis=-1)
    return corners * np.array([width, height, width, height]) if relative else corners


def draw_bounding_boxes(
    images: Any,
    bounding_boxes: dict[str, Any],
    bounding_box_format: str,
    class_mapping: dict[int, str] | None = None,
    color: Any = (128, 128, 128),
    line_thickness: int = 2,
    text_thickness: int | None = 1,
    font_scale: float = 1.0,
    data_format: str | None = None,
) -> np.ndarray:
    """Images with boxes drawn on them.

    Args:
        images: (batch, height, width, channels) with values up to 255, or floats up to 1.
        bounding_boxes: Dict of "boxes" (batch, n, 4), "labels" (batch, n), -1 for no box, and
            "confidences" (batch, n) if any.
        bounding_box_format: "xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", or one of these
            with "rel_" in front for shares of the image.
        class_mapping: Names of labels, to be written beside the boxes.
        color: RGB color of lines and text.
        line_thickness: Pixels of the lines.
        text_thickness: Pixels of the outline of the text beyond 1.
        font_scale: Size of the text, in units of 22 pixels.
        data_format: "channels_last", or "channels_first" for (batch, channels, height, width).

    Returns:
        uint8 array (batch, height, width, channels).

    Raises:
        ValueError: Another shape, an unknown format, or missing keys.
        ImportError: Pillow is not installed.
    """
    x = _batch(images)
    if not isinstance(bounding_boxes, dict):
        raise TypeError(
            f"`bounding_boxes` should be a dict. Received: {type(bounding_boxes).__name__}"
        )
    if "boxes" not in bounding_boxes or "labels" not in bounding_boxes:
        raise ValueError(
            "`bounding_boxes` should be a dict containing 'boxes' and 'labels' keys. Received "
            f"{sorted(bounding_boxes)}"
        )
    if _format(data_format) == "channels_first":
        x = x.transpose(0, 2, 3, 1)
    image = pillow()
    from PIL import ImageDraw, ImageFont

    if x.dtype.kind == "f":
        x = np.clip(x * 255 if x.size and x.max() <= 1 else x, 0, 255)
    boxes = np.asarray(bounding_boxes["boxes"], "float64")
    corners = _corners(boxes, bounding_box_format, x.shape[1], x.shape[2]).astype(int)
    labels = np.asarray(bounding_boxes["labels"]).astype(int)
    confidences = bounding_boxes.get("confidences")
    confidences = None if confidences is None else np.asarray(confidences)
    font = ImageFont.load_default(22 * font_scale)
    outline = max((text_thickness or line_thickness) - 1, 0)
    gray = x.shape[-1] == 1
    ink = tuple(color) if not gray else int(np.mean(color))
    out = []
    for i, pixels in enumerate(x.astype("uint8")):
        picture = image.fromarray(pixels[..., 0] if gray else pixels)
        draw = ImageDraw.Draw(picture)
        for j, (left, top, right, bottom) in enumerate(corners[i]):
            if labels[i, j] == -1:
                continue
            sides = [min(left, right), min(top, bottom), max(left, right), max(top, bottom)]
            draw.rectangle(sides, outline=ink, width=line_thickness)
            text = (class_mapping or {}).get(int(labels[i, j]))
            if text is None:
                continue
            if confidences is not None:
                text = f"{text} | {confidences[i, j]:.2f}"
            above = top - 24 * font_scale
            place = (left, above) if above > 0 else (left + 3, top + 3)
            draw.text(place, text, fill=ink, font=font, stroke_width=outline)
        drawn = np.asarray(picture)
        out.append(drawn[..., None] if gray else drawn)
    return np.stack(out)


def draw_segmentation_masks(
    images: Any,
    segmentation_masks: Any,
    num_classes: int | None = None,
    color_mapping: dict[int, Any] | None = None,
    alpha: float = 0.8,
    blend: bool = True,
    ignore_index: int = -1,
    data_format: str | None = None,
) -> np.ndarray:
    """Images with the classes of their pixels in color.

    Args:
        images: (batch, height, width, channels).
        segmentation_masks: Class of each pixel, whole numbers (batch, height, width) or
            (batch, height, width, 1).
        num_classes: Number of classes; classes from there on are not drawn. The largest class by
            default.
        color_mapping: RGB color of each class from 0; different ones by default.
        alpha: Share of the color in a pixel.
        blend: Whether to mix with the image, as uint8; floats of the color alone otherwise.
        ignore_index: A class that is not drawn.
        data_format: "channels_last", or "channels_first" for (batch, channels, height, width).

    Raises:
        ValueError: Another shape.
        TypeError: Masks that are no whole numbers.

    Example:

    >>> import lamina, numpy as np
    >>> image, mask = np.zeros((1, 1, 2, 3)), np.array([[[[0], [1]]]])
    >>> lamina.visualization.draw_segmentation_masks(
    ...     image, mask, 2, color_mapping={0: (0, 0, 0), 1: (200, 100, 0)}, alpha=0.5).tolist()
    [[[[0, 0, 0], [100, 50, 0]]]]
    """
    x = _batch(images)
    masks = np.asarray(segmentation_masks)
    if masks.dtype.kind not in "iu":
        raise TypeError(
            "`segmentation_masks` must be in integer dtype. Received: "
            f"segmentation_masks.dtype={masks.dtype}"
        )
    if _format(data_format) == "channels_first":
        x = x.transpose(0, 2, 3, 1)
        masks = masks.transpose(0, 2, 3, 1) if masks.ndim == 4 else masks
    x = x.astype("float32")
    masks = masks[..., 0] if masks.ndim == 4 else masks
    num_classes = int(masks.max()) if num_classes is None else num_classes
    steps = np.array([2**25 - 1, 2**15 - 1, 2**21 - 1])
    out = x.copy()
    for i in range(num_classes):
        color = color_mapping[i] if color_mapping is not None else i * steps % 255
        out[masks == i] = np.asarray(color, "float32")
    if not blend:
        return out
    mixed = x * np.float32(1 - alpha) + out * np.float32(alpha)
    return np.where((masks != ignore_index)[..., None], mixed, x).astype("uint8")


def plot_image_gallery(
    images: Any,
    y_true: Any = None,
    y_pred: Any = None,
    label_map: dict[Any, str] | None = None,
    rows: int | None = None,
    cols: int | None = None,
    value_range: tuple[float, float] = (0, 255),
    scale: float = 2,
    path: Any = None,
    show: bool | None = None,
    transparent: bool = True,
    dpi: int = 60,
    legend_handles: Any = None,
    data_format: str | None = None,
) -> None:
    """Images in rows and columns, shown or saved.

    Args:
        images: (batch, height, width, channels).
        y_true, y_pred: Class of each image, to be written above it.
        label_map: Name of each class.
        rows, cols: Numbers of rows and columns; nearly a square by default.
        value_range: Least and largest value of a pixel.
        scale: Width of an image in inches.
        path: File to save; its ending gives the format.
        show: Whether to show the gallery; where no path is given by default.
        transparent: Whether the background is transparent.
        dpi: Dots an inch.
        legend_handles: What to write below: pairs of a text and an RGB color, or patches of
            matplotlib.
        data_format: "channels_last", or "channels_first" for (batch, channels, height, width).

    Raises:
        ValueError: Another shape, both path and show, or classes without label_map.
        ImportError: Pillow is not installed.
    """
    x = _batch(images)
    if path is not None and show:
        raise ValueError(
            "plot_image_gallery expects either `path` to be set, or `show` to be true."
        )
    if (y_true is not None or y_pred is not None) and label_map is None:
        raise ValueError(
            "If `y_true` or `y_pred` are provided, a `label_map` must also be provided."
        )
    if _format(data_format) == "channels_first":
        x = x.transpose(0, 2, 3, 1)
    image = pillow()
    from PIL import ImageDraw, ImageFont

    rows = rows or math.ceil(len(x) / cols if cols else math.sqrt(len(x)))
    cols = cols or math.ceil(len(x) / rows)
    low, high = value_range
    x = np.clip((x.astype("float32") - low) * (255 / (high - low)), 0, 255).astype("uint8")
    side, line = max(int(scale * dpi), 1), int(dpi / 4)
    titles = line if y_true is not None or y_pred is not None else 0
    below = line * 2 if legend_handles else 0
    background = (255, 255, 255, 0 if transparent else 255)
    picture = image.new("RGBA", (cols * side, rows * (side + titles) + below), background)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(line * 0.7)
    for i in range(min(rows * cols, len(x))):
        left, top = i % cols * side, i // cols * (side + titles)
        cell = image.fromarray(x[i, ..., 0] if x.shape[-1] == 1 else x[i])
        ratio = side / max(cell.size)
        cell = cell.resize((int(cell.width * ratio), int(cell.height * ratio)))
        place = (left + (side - cell.width) // 2, top + titles + (side - cell.height) // 2)
        picture.paste(cell, place)
        parts = []
        for what, classes in (("Label", y_true), ("Pred", y_pred)):
            if classes is not None and i < len(classes):
                parts.append(f"{what}: {(label_map or {}).get(_key(classes[i]), 'Unknown')}")
        if parts:
            draw.text((left + side / 2, top + titles / 2), "  ".join(parts), "black", font, "mm")
    for i, (text, color) in enumerate(_legend(legend_handles)):
        at = (10 + i * side, rows * (side + titles) + line / 2)
        draw.rectangle([at, (at[0] + line, at[1] + line)], fill=color)
        draw.text((at[0] + 1.3 * line, at[1] + line / 2), text, "black", font, "lm")
    if path is not None:
        ending = str(path).lower().rsplit(".", 1)[-1]
        flat = ending in ("jpg", "jpeg", "pdf")
        (picture.convert("RGB") if flat else picture).save(path, dpi=(dpi, dpi))
    elif show is None or show:
        picture.show()


def _key(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _legend(handles: Any) -> list[tuple[str, tuple[int, ...]]]:
    out = []
    for h in handles or ():
        if hasattr(h, "get_label"):
            out.append((h.get_label(), tuple(int(255 * c) for c in h.get_facecolor()[:3])))
        else:
            out.append((str(h[0]), tuple(int(c) for c in h[1])))
    return out


def plot_bounding_box_gallery(
    images: Any,
    bounding_box_format: str,
    y_true: dict[str, Any] | None = None,
    y_pred: dict[str, Any] | None = None,
    value_range: tuple[float, float] = (0, 255),
    true_color: Any = (0, 188, 212),
    pred_color: Any = (255, 235, 59),
    line_thickness: int = 2,
    font_scale: float = 1.0,
    text_thickness: int | None = None,
    class_mapping: dict[int, str] | None = None,
    ground_truth_mapping: dict[int, str] | None = None,
    prediction_mapping: dict[int, str] | None = None,
    legend: bool = False,
    legend_handles: Any = None,
    rows: int | None = None,
    cols: int | None = None,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Images with true and predicted boxes, in rows and columns.

    Args:
        images: (batch, height, width, channels).
        bounding_box_format: As of `draw_bounding_boxes`.
        y_true, y_pred: Boxes, as of `draw_bounding_boxes`.
        value_range: Least and largest value of a pixel.
        true_color, pred_color: RGB colors.
        line_thickness, font_scale, text_thickness: As of `draw_bounding_boxes`.
        class_mapping: Names of labels.
        ground_truth_mapping, prediction_mapping: The same of one kind of boxes.
        legend: Whether to write below what the colors mean.
        legend_handles: Other things to write there.
        rows, cols: As of `plot_image_gallery`.
        data_format: "channels_last" or "channels_first".
        kwargs: Passed on to `plot_image_gallery`.
    """
    x = _batch(images)
    if _format(data_format) == "channels_first":
        x = x.transpose(0, 2, 3, 1)
    low, high = value_range
    x = (x.astype("float32") - low) * (255 / (high - low))
    for boxes, color, names in (
        (y_true, true_color, ground_truth_mapping),
        (y_pred, pred_color, prediction_mapping),
    ):
        if boxes is not None:
            x = draw_bounding_boxes(
                x.astype("uint8"), boxes, bounding_box_format, names or class_mapping, color,
                line_thickness, text_thickness, font_scale, "channels_last",
            )  # fmt: skip
    if legend:
        if legend_handles:
            raise ValueError("Only pass `legend` OR `legend_handles`.")
        legend_handles = [("Ground Truth", true_color), ("Prediction", pred_color)]
    plot_image_gallery(
        x, rows=rows, cols=cols, legend_handles=legend_handles, data_format="channels_last",
        **kwargs,
    )  # fmt: skip


def plot_segmentation_mask_gallery(
    images: Any,
    num_classes: int,
    value_range: tuple[float, float] = (0, 255),
    y_true: Any = None,
    y_pred: Any = None,
    color_mapping: dict[int, Any] | None = None,
    blend: bool = True,
    alpha: float = 0.8,
    ignore_index: int = -1,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Images, and beside each its true and its predicted classes in color.

    Args:
        images: (batch, height, width, channels).
        num_classes: Number of classes.
        value_range: Least and largest value of a pixel.
        y_true, y_pred: Classes of the pixels, as of `draw_segmentation_masks`.
        color_mapping, blend, alpha, ignore_index: As of `draw_segmentation_masks`.
        data_format: "channels_last" or "channels_first".
        kwargs: Passed on to `plot_image_gallery`.
    """
    x = _batch(images)
    first = _format(data_format) == "channels_first"
    x = x.transpose(0, 2, 3, 1) if first else x
    columns = [x]
    for classes in (y_true, y_pred):
        if classes is None:
            continue
        masks = np.asarray(classes).astype("int32")
        if first and masks.ndim == 4:
            masks = masks.transpose(0, 2, 3, 1)
        columns.append(
            draw_segmentation_masks(
                x, masks, num_classes, color_mapping, alpha, blend, ignore_index, "channels_last"
            )
        )
    together = np.stack(columns, axis=1).reshape(-1, *x.shape[1:])
    plot_image_gallery(
        together, rows=len(x), cols=len(columns), value_range=value_range,
        data_format="channels_last", **kwargs,
    )  # fmt: skip


__all__ = [
    "draw_bounding_boxes",
    "draw_segmentation_masks",
    "plot_bounding_box_gallery",
    "plot_image_gallery",
    "plot_segmentation_mask_gallery",
]
