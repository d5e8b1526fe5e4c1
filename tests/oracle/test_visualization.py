"""Colored masks beside Keras's; boxes and galleries by what is on them."""

import keras
import numpy as np
import pytest

import lamina
from oracle.base import COVERED, integers, real

pytest.importorskip("PIL")
COVERED.add(("visualization", "draw_segmentation_masks"))
see = lamina.visualization


@pytest.mark.parametrize("alpha", [0.3, 0.8])
@pytest.mark.parametrize("ignore", [-1, 2])
@pytest.mark.parametrize(
    "colors", [None, {0: (1, 2, 3), 1: (200, 0, 9), 2: (0, 5, 6), 3: (7, 7, 7)}]
)
def test_masks(alpha, ignore, colors):
    x, masks = real(2, 5, 4, 3, low=0, high=255), integers(2, 5, 4, 1, high=4)
    theirs, ours = (
        K.visualization.draw_segmentation_masks(
            x, masks, 4, color_mapping=colors, alpha=alpha, ignore_index=ignore
        )
        for K in (keras, lamina)
    )
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
    assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1  # rounding of products
    plain = [
        np.asarray(K.visualization.draw_segmentation_masks(x, masks, 4, blend=False))
        for K in (keras, lamina)
    ]
    np.testing.assert_array_equal(plain[1], plain[0])


def test_boxes():
    x = np.zeros((2, 20, 30, 3), "uint8")
    corners = np.array([[[5, 4, 12, 10]], [[0, 0, 3, 3]]])
    labels = np.array([[0], [-1]])
    drawn = see.draw_bounding_boxes(
        x, {"boxes": corners, "labels": labels}, "xyxy", color=(9, 8, 7), line_thickness=1
    )
    expected = np.zeros((20, 30), bool)
    expected[4, 5:13] = expected[10, 5:13] = expected[4:11, 5] = expected[4:11, 12] = True
    np.testing.assert_array_equal(drawn[0] == [9, 8, 7], np.repeat(expected[..., None], 3, -1))
    assert not drawn[1].any()
    for name, boxes in (
        ("yxyx", [[[4, 5, 10, 12]]]), ("xywh", [[[5, 4, 7, 6]]]),
        ("center_xywh", [[[8.5, 7, 7, 6]]]), ("center_yxhw", [[[7, 8.5, 6, 7]]]),
        ("rel_xyxy", [[[5 / 30, 4 / 20, 12.01 / 30, 10.01 / 20]]]),
    ):  # fmt: skip
        again = see.draw_bounding_boxes(
            x[:1], {"boxes": np.array(boxes), "labels": labels[:1]}, name, color=(9, 8, 7),
            line_thickness=1,
        )  # fmt: skip
        np.testing.assert_array_equal(again, drawn[:1])
    named = see.draw_bounding_boxes(
        np.zeros((1, 60, 90, 1)), {"boxes": corners[:1] * 3, "labels": labels[:1],
                                   "confidences": [[0.5]]}, "xyxy", {0: "cat"},
    )  # fmt: skip
    assert (named > 0).sum() > 120
    with pytest.raises(ValueError, match="Unknown bounding_box_format"):
        see.draw_bounding_boxes(x, {"boxes": corners, "labels": labels}, "abcd")
    with pytest.raises(ValueError, match="'boxes' and 'labels'"):
        see.draw_bounding_boxes(x, {"boxes": corners}, "xyxy")


def test_galleries(tmp_path):
    from PIL import Image

    x = np.stack([np.full((4, 4, 3), v) for v in (0.0, 0.5, 1.0)])
    see.plot_image_gallery(x, value_range=(0, 1), path=tmp_path / "g.png", scale=1, dpi=40)
    pixels = np.asarray(Image.open(tmp_path / "g.png"))
    assert pixels.shape == (80, 80, 4)
    assert [pixels[20, 20, 0], pixels[20, 60, 0], pixels[60, 20, 0]] == [0, 127, 255]
    assert pixels[60, 60, 3] == 0
    see.plot_image_gallery(
        x, [0, 1, 2], [1, 1, 1], {0: "a", 1: "b", 2: "c"}, path=tmp_path / "t.jpg", cols=3
    )
    boxes = {"boxes": np.ones((3, 1, 4)), "labels": np.zeros((3, 1))}
    see.plot_bounding_box_gallery(
        x, "xywh", boxes, boxes, value_range=(0, 1), legend=True, path=tmp_path / "b.png"
    )
    masks = np.ones((3, 4, 4, 1), int)
    see.plot_segmentation_mask_gallery(
        x * 255, 2, y_true=masks, y_pred=masks, path=tmp_path / "m.png", scale=1, dpi=20
    )
    assert Image.open(tmp_path / "m.png").size == (60, 60)
    with pytest.raises(ValueError, match="label_map"):
        see.plot_image_gallery(x, y_true=[0, 1, 2])
    with pytest.raises(ValueError, match="either"):
        see.plot_image_gallery(x, path="x", show=True)
