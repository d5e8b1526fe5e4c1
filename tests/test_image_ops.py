"""`lamina.ops.image` against NumPy and finite differences; `oracle/test_augment.py` compares all of
it with Keras."""

import colorsys
import inspect
import itertools

import numpy as np
import pytest

import lamina
from gradients import check_gradient
from lamina import ops
from lamina.ops import image

RNG = np.random.default_rng(11)
X = RNG.uniform(0.05, 0.95, (2, 5, 6, 3))
TURN = np.array([[0.8, 0.31, -0.7, -0.27, 1.1, 0.43, 0.01, -0.02], [1, 0, 0.3, 0, 1, -0.6, 0, 0.0]])
CORNERS = np.array([[0.0, 0], [5, 0], [0, 4], [5, 4]])
MOVED = np.array([[0.7, 0.4], [4.2, -0.5], [-0.6, 3.1], [5.8, 4.9]])

# How to call each operation on float arrays, for shapes, dtypes, symbols and gradients.
CALLS = {
    "affine_transform": (lambda x, t: image.affine_transform(x, t, fill_mode="mirror"), X, TURN),
    "crop_images": (lambda x: image.crop_images(x, 1, 2, 1, 0), X),
    "elastic_transform": (lambda x: image.elastic_transform(x, 3.0, 0.8, seed=3), X),
    "extract_patches": (lambda x: image.extract_patches(x, (2, 3), 2, padding="same"), X),
    "extract_patches_3d": (lambda x: image.extract_patches_3d(x, 2), X[..., None]),
    "gaussian_blur": (lambda x, s: image.gaussian_blur(x, (3, 5), s), X, np.array([0.7, 1.4])),
    "hsv_to_rgb": (image.hsv_to_rgb, X),
    "map_coordinates": (
        lambda x, c: image.map_coordinates(x, c, 1, "reflect"),
        X[0, ..., 0],
        RNG.uniform(-4, 9, (2, 7, 3)),
    ),
    "pad_images": (lambda x: image.pad_images(x, 1, 2, 3, 4), X),
    "perspective_transform": (image.perspective_transform, X, np.stack([CORNERS] * 2),
                              np.stack([MOVED, MOVED[::-1]])),
    "resize": (lambda x: image.resize(x, (3, 8), "bicubic", antialias=True), X),
    "rgb_to_grayscale": (image.rgb_to_grayscale, X),
    "rgb_to_hsv": (image.rgb_to_hsv, X),
    "scale_and_translate": (
        lambda x, s, t: image.scale_and_translate(x, (2, 4, 9, 3), s, t, (1, 2), "cubic"),
        X,
        np.array([0.7, 1.6]),
        np.array([0.2, -0.4]),
    ),
    "sobel_edges": (image.sobel_edges, X),
    "ssim": (lambda x, y: image.ssim(x, y, filter_size=3), X, X**2),
}  # fmt: skip
each_call = pytest.mark.parametrize("name", sorted(CALLS))


def test_every_operation_is_called_here_and_says_what_it_is():
    names = {n for n in dir(image) if not n.startswith("_")}
    assert names == set(CALLS)
    for name in names:
        assert len((inspect.getdoc(getattr(image, name)) or "").splitlines()) > 1


@each_call
def test_gradient(name):
    f, *arrays = CALLS[name]
    check_gradient(f, *arrays, tolerance=2e-5)


@each_call
def test_in_a_model_and_captured(name):
    f, *arrays = CALLS[name]
    if name == "elastic_transform":  # its random numbers are drawn anew
        return
    arrays = [a.astype("float32") for a in arrays]
    expected = f(*arrays).numpy()
    captured = lamina.function(lambda *xs: f(*xs))
    got = captured(*[lamina.tensor(a) for a in arrays])
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-6, atol=1e-6)
    if name in ("map_coordinates", "scale_and_translate"):  # know the whole shape
        return
    if name.endswith("_transform"):  # the same for any number of images
        arrays[1:] = [a[0] for a in arrays[1:]]
        expected = f(*arrays).numpy()
    symbol = lamina.Input(arrays[0].shape[1:])
    others = [symbol**2] if name == "ssim" else arrays[1:]
    model = lamina.Model(symbol, f(symbol, *others))
    np.testing.assert_allclose(model.predict(arrays[0], verbose=0), expected, rtol=1e-5, atol=1e-5)


@each_call
def test_threads_change_no_bits(name):
    f, *arrays = CALLS[name]
    before, seen = lamina.config.num_threads(), set()
    if name != "map_coordinates":
        arrays = [
            np.concatenate([a] * 100) if a.shape[0] == 2 and a.ndim > 1 else a for a in arrays
        ]
    if name == "scale_and_translate":
        return
    try:
        for threads in (1, 2, 4):
            lamina.config.set_num_threads(threads)
            x = [lamina.tensor(a.astype("float32"), requires_grad=True) for a in arrays]
            y = f(*x)
            ops.sum(y * y).backward()
            seen.add(y.numpy().tobytes() + b"".join(t.grad.numpy().tobytes() for t in x))
    finally:
        lamina.config.set_num_threads(before)
    assert len(seen) == 1


def test_colours_are_those_of_colorsys():
    x = RNG.uniform(0, 1, (40, 50, 3))
    expected = np.array([[colorsys.rgb_to_hsv(*p) for p in row] for row in x])
    np.testing.assert_allclose(image.rgb_to_hsv(x).numpy(), expected, atol=1e-12)
    np.testing.assert_allclose(image.hsv_to_rgb(expected).numpy(), x, atol=1e-12)


def test_whole_pixels_move_exactly():
    move = [1, 0, 2, 0, 1, -1, 0, 0]  # the output at (x, y) is the input at (x + 2, y - 1)
    expected = np.zeros_like(X)
    expected[:, 1:, :-2] = X[:, :-1, 2:]
    np.testing.assert_array_equal(image.affine_transform(X, move).numpy(), expected)
    wrapped = image.affine_transform(X, move, fill_mode="wrap").numpy()
    np.testing.assert_array_equal(wrapped, np.roll(X, (1, -2), (1, 2)))
    edges = np.pad(X[0], ((1, 0), (0, 2), (0, 0)), "edge")[:-1, 2:]
    nearest = image.affine_transform(X[0], move, fill_mode="nearest").numpy()
    np.testing.assert_array_equal(nearest, edges)


@pytest.mark.parametrize("mode, numpy_mode", [("reflect", "symmetric"), ("mirror", "reflect")])
def test_borders_are_those_of_numpy(mode, numpy_mode):
    x = np.arange(5.0)
    at = np.arange(-13, 18)[None]
    expected = np.pad(x, (13, 13), numpy_mode)
    for order in (0, 1):
        got = image.map_coordinates(x, at.astype("float64"), order, mode).numpy()
        np.testing.assert_array_equal(got, expected)


def test_a_projection_takes_each_point_to_its_place():
    x = np.add.outer(10.0 * np.arange(40), np.arange(50.0))[..., None]
    start = np.array([[5.0, 4], [44, 6], [8, 33], [40, 36]])
    end = np.array([[3.0, 7], [41, 2], [4, 36], [47, 31]])
    y = image.perspective_transform(x, start, end).numpy()[..., 0]
    for (a, b), (c, d) in zip(start, end):
        assert y[int(d), int(c)] == pytest.approx(10 * b + a, abs=1e-6)
    # The order of the points does not matter.
    again = image.perspective_transform(x, start[[2, 0, 3, 1]], end[[2, 0, 3, 1]]).numpy()[..., 0]
    np.testing.assert_allclose(again, y, atol=1e-6)


def test_patches_are_windows():
    y = image.extract_patches(X, (2, 3), (1, 2)).numpy()
    for i, j in itertools.product(range(4), range(2)):
        window = X[:, i : i + 2, 2 * j : 2 * j + 3]
        np.testing.assert_array_equal(y[:, i, j], window.reshape(2, -1))


def test_integers_keep_their_type():
    x = np.array([[0, 255], [255, 0]], "uint8")[..., None]
    y = image.resize(x, (2, 4), "bicubic").numpy()
    assert y.dtype == "uint8" and y.min() == 0 and y.max() == 255  # no overflow
    assert image.affine_transform(x, [1, 0, 0.5, 0, 1, 0, 0, 0]).numpy()[0, 0, 0] == 128
    assert image.rgb_to_grayscale(np.full((1, 1, 3), 100, "int32")).dtype == "int32"


def test_similarity_of_equal_images_is_one():
    x = RNG.uniform(0, 1, (3, 16, 16, 1))
    np.testing.assert_allclose(image.ssim(x, x).numpy(), 1, rtol=1e-10)
    assert (image.ssim(x, x[::-1].copy()).numpy()[[0, 2]] < 0.5).all()


@pytest.mark.parametrize(
    "words, call",
    [
        ("expected rank 3", lambda: image.resize(X[0, 0], (2, 2))),
        ("two positive numbers", lambda: image.resize(X, (2, 0))),
        ("interpolation must be", lambda: image.resize(X, (2, 2), "linear")),
        ("fill_mode 'constant'", lambda: image.resize(X, (2, 2), fill_mode="wrap")),
        (
            "only one of",
            lambda: image.resize(X, (2, 2), "bilinear", False, True, True),
        ),
        ("transform of 8", lambda: image.affine_transform(X, np.zeros(6))),
        ("transform rank", lambda: image.affine_transform(X, np.zeros((1, 1, 8)))),
        ("fill_mode must be", lambda: image.affine_transform(X, TURN, fill_mode="edge")),
        ("interpolation must be", lambda: image.affine_transform(X, TURN, "bicubic")),
        ("start_points", lambda: image.perspective_transform(X, TURN, CORNERS)),
        ("order must be 0 or 1", lambda: image.map_coordinates(X[0, 0], X[0, 0].T[:2], 3)),
        ("rank of inputs", lambda: image.map_coordinates(X, X[0], 1)),
        ("float dtype", lambda: image.rgb_to_hsv(X.astype("uint8"))),
        ("3 channels", lambda: image.hsv_to_rgb(X[..., :2])),
        ("channel size", lambda: image.rgb_to_grayscale(X[..., :2])),
        ("exactly two", lambda: image.pad_images(X, 1, 1, 1, 1, 9)),
        ("must be >= 0", lambda: image.crop_images(X, 1, 1, 5, 1)),
        ("smaller than filter_size", lambda: image.ssim(X, X)),
        ("does not fit", lambda: image.extract_patches(X, 7)),
        (
            "unknown method",
            lambda: image.scale_and_translate(X, X.shape, [1.0], [0.0], [1], "area"),
        ),
    ],
)
def test_bad_arguments(words, call):
    with pytest.raises(ValueError, match=words):
        call()
