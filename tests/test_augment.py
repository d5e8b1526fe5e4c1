"""What the layers that augment images do at random, with dicts, single images and bad arguments."""

import numpy as np
import pytest

import lamina
from lamina import layers

RNG = np.random.default_rng(7)
PHOTOS = RNG.uniform(0, 255, (64, 8, 8, 3)).astype("float32")
RANDOM = {
    "RandomFlip": {},
    "RandomRotation": {"factor": 0.2},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
    "RandomZoom": {"height_factor": 0.3, "width_factor": 0.3},
    "RandomShear": {"x_factor": 0.3, "y_factor": 0.3},
    "RandomPerspective": {},
    "RandomElasticTransform": {},
    "RandomCrop": {"height": 5, "width": 4},
    "RandomBrightness": {"factor": 0.3},
    "RandomContrast": {"factor": 0.5},
    "RandomSaturation": {"factor": (0.1, 0.9), "value_range": (0, 1)},
    "RandomHue": {"factor": 0.5},
    "RandomColorDegeneration": {"factor": 0.5},
    "RandomSharpness": {"factor": 0.9},
    "RandomPosterization": {"factor": (1, 7)},
    "RandomInvert": {},
    "RandomGrayscale": {},
    "RandomColorJitter": {"brightness_factor": 0.2, "contrast_factor": 0.3, "hue_factor": 0.2},
    "RandomGaussianBlur": {},
    "RandomErasing": {},
    "Solarization": {"addition_factor": 0.3, "threshold_factor": 0.9},
    "MixUp": {},
    "CutMix": {},
    "RandAugment": {},
    "AugMix": {"num_chains": 2, "chain_depth": 2},
}
# One draw for the whole batch; all others draw for each image.
SHARED = {"RandomCrop", "AugMix", "RandAugment"}
each_layer = pytest.mark.parametrize("name", sorted(RANDOM))


def make(name, **more):
    return getattr(layers, name)(**RANDOM[name], **more)


def apply(layer, x, **options):
    return layer(x, **options).numpy()


@each_layer
def test_the_same_seed_gives_the_same_images_and_each_call_others(name):
    first, second = make(name, seed=3), make(name, seed=3)
    a, b = apply(first, PHOTOS, training=True), apply(second, PHOTOS, training=True)
    np.testing.assert_array_equal(a, b)
    assert (apply(first, PHOTOS, training=True) != a).any()
    assert (apply(make(name, seed=4), PHOTOS, training=True) != a).any()


@each_layer
def test_each_image_is_changed_in_its_own_way(name):
    if name in SHARED:
        return
    same = np.repeat(PHOTOS[:1], 64, 0) if name not in ("MixUp", "CutMix") else PHOTOS
    out = apply(make(name, seed=3), same, training=True)
    assert len({image.tobytes() for image in out - (same if same is PHOTOS else 0)}) > 1


@each_layer
def test_inference_leaves_images_as_they_are(name):
    if name == "RandomCrop":
        return
    np.testing.assert_array_equal(apply(make(name), PHOTOS, training=False), PHOTOS)


@each_layer
def test_a_call_on_its_own_is_training_and_one_inside_predict_is_not(name):
    layer = make(name, seed=1)
    assert layer(PHOTOS).shape[0] == 64
    if name not in SHARED:
        assert (apply(make(name, seed=1), PHOTOS) != PHOTOS).any()
    model = lamina.Sequential([lamina.Input((8, 8, 3)), make(name)])
    if name != "RandomCrop":
        np.testing.assert_array_equal(model.predict(PHOTOS, verbose=0), PHOTOS)


@each_layer
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_one_image_and_other_dtypes(name, dtype):
    image = PHOTOS[0].astype(dtype)
    out = apply(make(name, seed=1), image, training=True)
    assert out.dtype == "float32" and out.ndim == 3
    assert np.isfinite(out).all()


@each_layer
def test_channels_first_is_the_same_transposed(name):
    last = apply(make(name, seed=5), PHOTOS, training=True)
    moved = make(name, seed=5, data_format="channels_first")
    first = apply(moved, PHOTOS.transpose(0, 3, 1, 2).copy(), training=True)
    np.testing.assert_allclose(first.transpose(0, 2, 3, 1), last, atol=1e-3)


@each_layer
def test_values_stay_in_range(name):
    out = apply(make(name, seed=2), PHOTOS, training=True)
    assert out.min() >= -1e-3 and out.max() <= 255 + 1e-3


@each_layer
def test_thread_counts_and_capture_change_no_bits(name):
    x = np.concatenate([PHOTOS] * 8)
    before = lamina.config.num_threads()
    seen = set()
    try:
        for threads in (1, 2, 4):
            lamina.config.set_num_threads(threads)
            layer = make(name, seed=9)
            seen.add(apply(layer, x, training=True).tobytes())
        captured = make(name, seed=9)
        captured(x, training=False)  # built
        call = lamina.function(lambda t: captured(t, training=True))
        seen.add(call(lamina.tensor(x)).numpy().tobytes())
        assert (call(lamina.tensor(x)).numpy().tobytes() not in seen) or name in SHARED
    finally:
        lamina.config.set_num_threads(before)
    assert len(seen) == 1


# ---- frequencies and bounds ----


def test_flips_half_of_the_images_both_ways_at_once():
    x = np.tile(np.arange(12.0).reshape(1, 3, 4, 1), (2000, 1, 1, 1)).astype("float32")
    out = apply(layers.RandomFlip(seed=1), x, training=True)
    turned = (out[:, 0, 0, 0] == 11).mean()
    assert turned == pytest.approx(0.5, abs=0.04)
    assert ((out == x).all((1, 2, 3)) | (out == x[:, ::-1, ::-1]).all((1, 2, 3))).all()
    sideways = apply(layers.RandomFlip("horizontal", seed=1), x, training=True)
    assert (sideways[:, 0, :, 0] <= 3).all() and (sideways[:, 0, 0, 0] == 3).mean() > 0.4


def test_brightness_is_uniform_and_contrast_keeps_the_mean():
    x = np.full((4000, 2, 2, 1), 100, "float32")
    delta = apply(layers.RandomBrightness(0.2, seed=1), x, training=True)[:, 0, 0, 0] - 100
    assert abs(delta).max() <= 51 and delta.mean() == pytest.approx(0, abs=2)
    assert delta.std() == pytest.approx(51 / np.sqrt(3), rel=0.03)
    x = 100 + 10 * RNG.normal(size=(500, 8, 8, 3)).astype("float32")
    out = apply(layers.RandomContrast(0.5, seed=1), x, training=True)
    np.testing.assert_allclose(out.mean((1, 2)), x.mean((1, 2)), rtol=1e-4)
    factors = out.std((1, 2)) / x.std((1, 2))
    assert factors.min() >= 0.999 and factors.max() <= 1.501
    assert factors.mean() == pytest.approx(1.25, abs=0.02)


@pytest.mark.parametrize("name", ["RandomInvert", "RandomErasing", "RandomGrayscale"])
def test_share_of_changed_images(name):
    factor = 0.3 if name == "RandomGrayscale" else (0.3, 0.3)
    x = np.tile(PHOTOS, (40, 1, 1, 1))
    out = apply(getattr(layers, name)(factor=factor, seed=1), x, training=True)
    changed = (out != x).any((1, 2, 3)).mean()
    # A box of an eighth of the side may cover no pixel.
    assert changed == pytest.approx(0.3, abs=0.04)


def test_translations_are_whole_and_uniform():
    x = np.zeros((3000, 9, 9, 1), "float32")
    x[:, 4, 4] = 1
    layer = layers.RandomTranslation(0.3, (0.1, 0.2), fill_mode="constant", seed=1)
    out = apply(layer, x, training=True)[..., 0]
    total = out.sum((1, 2))
    np.testing.assert_allclose(total, 1, rtol=1e-5)
    rows = (out.sum(2) * np.arange(9)).sum(1) - 4
    columns = (out.sum(1) * np.arange(9)).sum(1) - 4
    assert abs(rows).max() <= 2.7001 and rows.std() == pytest.approx(2.7 / np.sqrt(3), rel=0.05)
    assert columns.min() >= 0.899 and columns.max() <= 1.801


def test_crops_come_from_everywhere():
    x = np.arange(100.0, dtype="float32").reshape(1, 10, 10, 1)
    layer = layers.RandomCrop(4, 7, seed=1)
    corners = set()
    for _ in range(300):
        out = apply(layer, x, training=True)[0, ..., 0]
        top, left = divmod(int(out[0, 0]), 10)
        np.testing.assert_array_equal(out, x[0, top : top + 4, left : left + 7, 0])
        corners.add((top, left))
    assert len(corners) == 7 * 4
    assert layer(x, training=False).shape == (1, 4, 7, 1)
    assert layers.RandomCrop(12, 6)(x, training=True).shape == (1, 12, 6, 1)


def test_erased_boxes():
    x = np.zeros((500, 40, 40, 3), "float32")
    layer = layers.RandomErasing((1.0, 1.0), (0.04, 0.25), fill_value=(1, 2, 3), seed=1)
    out = apply(layer, x, training=True)
    np.testing.assert_array_equal(out[..., 1], 2 * out[..., 0])
    heights, widths = out[..., 0].max(2).sum(1), out[..., 0].max(1).sum(1)
    for sides in (heights, widths):
        assert sides.min() >= 7 and sides.max() <= 21
    noise = apply(layers.RandomErasing((1.0, 1.0), (1.0, 1.0), seed=1), x, training=True)
    assert (noise == 0).mean() == pytest.approx(0.5, abs=0.02) and noise.max() == 255


def test_elastic_transform_moves_pixels_a_little():
    rows = np.linspace(0, 255, 64, dtype="float32")
    x = np.broadcast_to(rows[:, None, None], (8, 64, 64, 1)).copy()
    layer = layers.RandomElasticTransform((1.0, 1.0), (1.0, 1.0), fill_mode="nearest", seed=1)
    out = apply(layer, x, training=True)
    moved = (out - x)[:, 8:-8, 8:-8] / (255 / 63)
    assert 0.05 < moved.std() < 8
    # Neighbours move alike.
    assert np.abs(np.diff(moved, axis=2)).mean() < moved.std() / 2


# ---- mixing ----


def test_mix_up_mixes_images_and_labels_by_the_same_share():
    images = np.eye(32, dtype="float32").reshape(32, 4, 8, 1)
    data = {"labels": np.eye(32, dtype="float32"), "images": images}
    layer = layers.MixUp(alpha=0.5, seed=1)
    out = layer(data, training=True)
    assert list(out) == ["labels", "images"]
    labels = out["labels"].numpy()
    np.testing.assert_allclose(out["images"].numpy().reshape(32, 32), labels, rtol=1e-6)
    np.testing.assert_allclose(labels.sum(1), 1, rtol=1e-5)
    same = layer(data, training=False)
    np.testing.assert_array_equal(same["labels"].numpy(), data["labels"])
    shares = [layer(data, training=True)["labels"].numpy().diagonal() for _ in range(60)]
    own = np.concatenate(shares)
    # Beta(1/2, 1/2): mean 1/2, deviation sqrt(1/8); with chance 1/32 the other image is itself.
    assert own.mean() == pytest.approx(0.5 + 0.5 / 32, abs=0.03)
    assert own.std() == pytest.approx(np.sqrt(1 / 8), abs=0.02)


def test_cut_mix_takes_a_box_and_its_share():
    images = np.arange(16.0, dtype="float32")[:, None, None, None] * np.ones((1, 20, 20, 1), "f")
    data = {"images": images, "labels": np.eye(16, dtype="float32")}
    out = layers.CutMix((1.0, 1.0), seed=3)(data, training=True)
    mixed, labels = out["images"].numpy()[..., 0], out["labels"].numpy()
    shares = []
    for i in range(16):
        other = mixed[i][mixed[i] != i]
        assert len(np.unique(other)) <= 1
        if len(other):
            box = np.argwhere(mixed[i] != i)
            sides = box.max(0) - box.min(0) + 1
            assert sides.prod() == len(other)  # a whole box
            shares.append((1 - len(other) / 400, labels[i, i]))
    counted, said = np.array(shares).T
    np.testing.assert_allclose(counted, said, atol=0.1)
    one = layers.CutMix()(images[0], training=True)
    assert one.shape == (20, 20, 1)


def test_masks_follow_their_images():
    masks = (PHOTOS[..., :1] > 128).astype("uint8")
    images = np.repeat(masks, 3, -1).astype("float32") * 255
    for name in ("RandomFlip", "RandomCrop"):
        out = make(name, seed=1)({"images": images, "segmentation_masks": masks}, training=True)
        got = out["segmentation_masks"].numpy()
        assert got.dtype == "uint8"
        np.testing.assert_array_equal(out["images"].numpy()[..., :1] > 0, got > 0)
    layer = layers.RandomRotation(0.3, interpolation="nearest", seed=1)
    out = layer({"images": images, "segmentation_masks": masks}, training=True)
    np.testing.assert_array_equal(
        out["images"].numpy()[..., :1] > 0, out["segmentation_masks"].numpy() > 0
    )
    out = make("RandomBrightness")({"images": images, "segmentation_masks": masks}, training=True)
    np.testing.assert_array_equal(out["segmentation_masks"].numpy(), masks)
    assert set(np.unique(make("RandAugment", seed=2)(
        {"images": images, "segmentation_masks": masks}, training=True
    )["segmentation_masks"].numpy())) <= {0, 1}  # fmt: skip


def test_integers_survive_resizing_alone():
    image = PHOTOS[0].astype("uint8")
    assert layers.Resizing(5, 4)(image).dtype == "uint8"
    assert layers.CenterCrop(5, 4)(image).dtype == "float32"


def test_none_is_the_default_format():
    layer = layers.CenterCrop(2, 3, data_format=None)
    assert layer.get_config()["data_format"] == "channels_last"


def test_in_a_model_that_trains():
    (x, y), _ = lamina.datasets.digits.load_data()
    x = x[:256, ..., None].astype("float32")
    model = lamina.Sequential(
        [
            lamina.Input((8, 8, 1)),
            layers.RandomTranslation(0.1, 0.1, seed=1),
            layers.RandomRotation(0.05, seed=2),
            layers.Rescaling(1 / 16),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(10),
        ]
    )
    loss = lamina.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(lamina.optimizers.Adam(0.01), loss)
    history = model.fit(x, y[:256], epochs=8, verbose=0).history["loss"]
    assert history[-1] < history[0] / 2


# ---- refusals ----


@pytest.mark.parametrize(
    "name, kwargs, words",
    [
        ("RandomBrightness", {"factor": 1.2}, "'factor' should be a number .*received 1.2"),
        ("RandomBrightness", {"factor": (0.1, 0.2, 0.3)}, "a list of two numbers"),
        ("RandomBrightness", {"factor": 0.1, "value_range": (1, 2, 3)}, "list of two numbers"),
        ("RandomContrast", {"factor": -0.1}, r"in the range \[0, 1\]"),
        ("RandomZoom", {"height_factor": -1.0}, r"\(-1, 1\]"),
        ("RandomTranslation", {"height_factor": 2, "width_factor": 0}, "'height_factor'"),
        ("RandomShear", {"x_factor": -0.5}, "'x_factor'"),
        ("RandomPerspective", {"scale": 2.0}, "'scale'"),
        ("RandomPosterization", {"factor": 9}, r"in the range \[1, 8\]"),
        ("RandomGaussianBlur", {"kernel_size": 4}, "odd number, received 4"),
        ("RandomGrayscale", {"factor": 1.5}, "between 0 and 1"),
        ("RandomErasing", {"fill_value": (1, 2)}, "three numbers"),
        ("Solarization", {"addition_factor": 2.0}, "'addition_factor'"),
        ("RandomFlip", {"mode": "sideways"}, "'mode' must be horizontal"),
        ("RandomRotation", {"factor": 0.1, "data_format": "last"}, "data_format"),
        ("Resizing", {"height": 0, "width": 3}, "'height' must be positive"),
        ("Resizing", {"height": 3, "width": 3, "interpolation": "cubic"}, "'interpolation'"),
        ("MixUp", {"alpha": 0.0}, "'alpha' must be positive"),
        ("CutMix", {"factor": 2.0}, "'factor'"),
    ],
)
def test_bad_arguments(name, kwargs, words):
    with pytest.raises(ValueError, match=f"{name}.*{words}"):
        getattr(layers, name)(**kwargs)


@pytest.mark.parametrize("name", [*sorted(RANDOM), "Resizing", "CenterCrop", "AutoContrast"])
def test_bounding_boxes_are_refused(name):
    size = {"height": 4, "width": 4} if name in ("Resizing", "CenterCrop") else {}
    layer = getattr(layers, name)(**{**size, **RANDOM.get(name, {})})
    boxes = {"boxes": np.ones((64, 2, 4), "float32"), "labels": np.ones((64, 2))}
    for training in (False, True):
        with pytest.raises(NotImplementedError, match=f"{name}.*bounding boxes are not supported"):
            layer({"images": PHOTOS, "bounding_boxes": boxes}, training=training)


def test_unknown_modes_and_ranks():
    with pytest.raises(NotImplementedError, match="RandomRotation: unknown fill_mode 'mirror'"):
        layers.RandomRotation(0.1, fill_mode="mirror")
    with pytest.raises(NotImplementedError, match="RandomZoom: unknown interpolation 'cubic'"):
        layers.RandomZoom(0.1, interpolation="cubic")
    with pytest.raises(ValueError, match=r"rank 3 \(single image\) or 4 .*received shape \(2, 3\)"):
        layers.RandomFlip()(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="received 'boxes'"):
        layers.RandomFlip()({"images": PHOTOS, "boxes": PHOTOS})
    with pytest.raises(ValueError, match="needs a dict with the key 'images'"):
        layers.RandomFlip()({"labels": PHOTOS})
