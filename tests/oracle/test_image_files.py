"""Images, folders and batches beside Keras's."""

import keras
import numpy as np
import pytest

import lamina
from oracle.base import COVERED, close, real

pytest.importorskip("PIL")
COVERED.update(
    ("utils", name)
    for name in "array_to_img img_to_array load_img save_img PyDataset Sequence".split()
)
COVERED.add(("preprocessing.image", "smart_resize"))


@pytest.mark.parametrize("shape", [(5, 4, 3), (5, 4, 4), (5, 4, 1)])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_array_to_img_and_back(shape, scale, data_format):
    x = real(*shape, low=0, high=250)
    if data_format == "channels_first":
        x = x.transpose(2, 0, 1)
    a, b = (K.utils.array_to_img(x, data_format, scale) for K in (lamina, keras))
    assert (a.mode, a.size) == (b.mode, b.size)
    np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
    for dtype in (None, "uint8"):
        a_, b_ = (
            K.utils.img_to_array(img, data_format, dtype) for K, img in ((lamina, a), (keras, b))
        )
        assert a_.dtype == b_.dtype
        np.testing.assert_array_equal(a_, b_)


@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos", "box"])
@pytest.mark.parametrize("keep", [True, False])
def test_load_img(tmp_path, color_mode, interpolation, keep):
    path = tmp_path / "x.png"
    lamina.utils.save_img(path, real(13, 8, 3, low=0, high=255))
    theirs = tmp_path / "y.png"
    keras.utils.save_img(theirs, real(13, 8, 3, low=0, high=255))
    assert path.read_bytes() == theirs.read_bytes()
    a, b = (
        K.utils.load_img(path, color_mode, (5, 7), interpolation, keep_aspect_ratio=keep)
        for K in (lamina, keras)
    )
    np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.parametrize("shape", [(9, 6, 3), (2, 6, 9, 1), (5, 5, 2)])
@pytest.mark.parametrize("size", [(4, 4), (3, 8), (8, 3)])
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest", "bicubic"])
def test_smart_resize(shape, size, interpolation):
    x = real(*shape)
    a, b = (K.preprocessing.image.smart_resize(x, size, interpolation) for K in (lamina, keras))
    close(a, np.asarray(b))
    first = np.moveaxis(x, -1, -3)
    a, b = (
        K.preprocessing.image.smart_resize(first, size, interpolation, "channels_first")
        for K in (lamina, keras)
    )
    close(a, np.asarray(b))


@pytest.mark.parametrize("seed", [None, 0, 7])
def test_files_are_found_in_keras_order(tmp_path, seed):
    from keras.src.utils import dataset_utils

    for name in ("b", "a", "c"):
        for i in range(6):
            (tmp_path / name / f"d{i % 2}").mkdir(parents=True, exist_ok=True)
            (tmp_path / name / f"d{i % 2}" / f"{i}.txt").write_text(name)
    paths, labels, names = dataset_utils.index_directory(
        str(tmp_path), "inferred", (".txt",), shuffle=seed is not None, seed=seed, verbose=False
    )
    data = lamina.utils.text_dataset_from_directory(
        tmp_path, batch_size=32, shuffle=seed is not None, seed=seed, verbose=False
    )
    assert data.file_paths == paths and data.class_names == names
    if seed is None:
        ((_, y),) = data
        np.testing.assert_array_equal(y.numpy(), labels)


def test_fit_on_batches_by_number():
    def of(K):
        class Batches(K.utils.PyDataset):
            def __len__(self):
                return 3

            def __getitem__(self, index):
                x = np.linspace(0, 1, 8, dtype="float32").reshape(4, 2) + index
                return x, x.sum(1, keepdims=True)

        model = K.Sequential([K.Input((2,)), K.layers.Dense(1, kernel_initializer="ones")])
        model.compile(K.optimizers.SGD(0.01), "mse")
        history = model.fit(Batches(workers=2), epochs=2, shuffle=False, verbose=0)
        return np.float32(history.history["loss"]), model.get_weights()

    close(of(lamina), of(keras))
