"""Data sets from arrays and folders, images, and classes that make batches."""

import threading
import wave

import numpy as np
import pytest

import lamina

utils = lamina.utils


# ---- arrays


def test_windows():
    x = np.arange(10)
    series = utils.timeseries_dataset_from_array(
        x, x * 10, sequence_length=3, sequence_stride=2, sampling_rate=2, batch_size=2
    )
    got = [(a.numpy().tolist(), b.numpy().tolist()) for a, b in series]
    assert got == [([[0, 2, 4], [2, 4, 6]], [0, 20]), ([[4, 6, 8]], [40])]
    assert len(series) == 2


def test_windows_of_a_part():
    x = np.arange(20.0).reshape(10, 2)
    series = utils.timeseries_dataset_from_array(x, None, 2, start_index=3, end_index=6)
    (batch,) = series
    np.testing.assert_array_equal(batch.numpy(), [x[3:5], x[4:6]])


def test_windows_one_by_one_and_mixed():
    x = np.arange(8)
    windows = utils.timeseries_dataset_from_array(x, None, 2, batch_size=None)
    assert [w.numpy().tolist() for w in windows][:2] == [[0, 1], [1, 2]]
    mixed = utils.timeseries_dataset_from_array(x, None, 2, shuffle=True, seed=3)
    first, second = (next(iter(mixed)).numpy().tolist() for _ in range(2))
    assert first != second
    assert sorted(first) == sorted(second) == [[i, i + 1] for i in range(7)]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"start_index": -1}, "0 or greater"),
        ({"start_index": 9}, "lower than the length"),
        ({"end_index": 9}, "lower than the length"),
        ({"start_index": 3, "end_index": 2}, "higher than `start_index`"),
        ({"sampling_rate": 0}, "higher than 0"),
        ({"sequence_stride": 8}, "lower than the length"),
    ],
)
def test_wrong_windows(arguments, message):
    with pytest.raises(ValueError, match=message):
        utils.timeseries_dataset_from_array(np.arange(8), None, 2, **arguments)


def test_split():
    x, y = np.arange(10.0), np.arange(10) * 2
    left, right = utils.split_dataset((x, y), left_size=0.7)
    assert (len(left), len(right)) == (7, 3)
    assert [v.item() for v in right[0]] == [7, 14]
    a, b = next(iter(right.batch(2)))
    np.testing.assert_array_equal(a.numpy(), [7, 8])
    np.testing.assert_array_equal(b.numpy(), [14, 16])
    left, right = utils.split_dataset(x, left_size=2, right_size=3)
    np.testing.assert_array_equal([v.item() for v in left], [0, 1])
    np.testing.assert_array_equal([v.item() for v in right], [7, 8, 9])


def test_split_mixes_as_python_does():
    import random

    order = list(range(10))
    random.Random(5).shuffle(order)
    left, right = utils.split_dataset(np.arange(10), right_size=4, shuffle=True, seed=5)
    assert [int(v.item()) for v in [*left, *right]] == order


def test_split_of_batches():
    series = utils.timeseries_dataset_from_array(np.arange(9), None, 3, batch_size=2)
    left, right = utils.split_dataset(series, left_size=5)
    assert [b.shape for b in left] == [(2, 3), (2, 3), (1, 3)]
    assert [b.numpy().tolist() for b in right] == [[[5, 6, 7], [6, 7, 8]]]


@pytest.mark.parametrize(
    "sizes, message",
    [
        ({}, "At least one"),
        ({"left_size": 11}, "positive integer"),
        ({"left_size": 1.5}, "float within"),
        ({"left_size": 0.7, "right_size": 0.7}, "greater than 1"),
        ({"left_size": 6, "right_size": 6}, "smaller than the 10"),
        ({"left_size": 0.01}, "will be empty"),
    ],
)
def test_wrong_splits(sizes, message):
    with pytest.raises(ValueError, match=message):
        utils.split_dataset(np.arange(10), **sizes)


def test_methods_of_data_sets():
    series = utils.timeseries_dataset_from_array(np.arange(8), None, 2, batch_size=2)
    assert len(series.take(2)) == 2 and len(list(series.take(2))) == 2
    assert [b.numpy()[0, 0] for b in series.skip(2)] == [4, 6]
    assert series.cardinality() == len(series.prefetch(1)) == 4
    doubled = series.map(lambda x: x * 2, num_parallel_calls=3).cache()
    for _ in range(2):
        assert [int(b.numpy()[0, 0]) for b in doubled] == [0, 4, 8, 12]
    assert next(series.as_numpy_iterator()).shape == (2, 2)


def test_fit_takes_them():
    x = np.arange(12.0, dtype="float32")[:, None]
    left, right = utils.split_dataset((x, 2 * x), left_size=8)
    model = lamina.Sequential([lamina.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(left.batch(4), validation_data=right.batch(4), epochs=2, verbose=0)
    assert len(history.history["val_loss"]) == 2
    assert model.predict(right.batch(3).map(lambda x, y: x), verbose=0).shape == (4, 1)


# ---- folders


@pytest.fixture
def folder(tmp_path):
    for name, count in (("cats", 3), ("dogs", 5)):
        (tmp_path / name / "deep").mkdir(parents=True)
        for i in range(count):
            place = tmp_path / name / ("deep" if i == 0 else "") / f"{i}.txt"
            place.write_text(f"{name} {i} é")
    (tmp_path / "cats" / "notes.md").write_text("no")
    return tmp_path


def test_texts(folder, capsys):
    data = utils.text_dataset_from_directory(folder, shuffle=False, batch_size=3)
    assert capsys.readouterr().out == "Found 8 files belonging to 2 classes.\n"
    assert data.class_names == ["cats", "dogs"]
    assert len(data) == 3 and len(data.file_paths) == 8
    batches = list(data)
    texts = [t for x, _ in batches for t in np.asarray(x).tolist()]
    assert texts == [f"cats {i} é" for i in (1, 2, 0)] + [f"dogs {i} é" for i in (1, 2, 3, 4, 0)]
    labels = np.concatenate([y.numpy() for _, y in batches])
    assert labels.dtype == "int32" and labels.tolist() == [0] * 3 + [1] * 5


def test_label_modes(folder):
    def first(**kwargs):
        return next(iter(utils.text_dataset_from_directory(folder, verbose=False, **kwargs)))

    assert first(label_mode="binary", shuffle=False)[1].numpy()[2:4].tolist() == [[0.0], [1.0]]
    one_hot = first(label_mode="categorical", shuffle=False)[1].numpy()
    assert one_hot[2:4].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert len(first(label_mode=None).shape) == 1
    own = first(labels=[3, 1, 3, 1, 1, 1, 1, 1], shuffle=False)[1]
    assert own.numpy().tolist() == [3, 1, 3, 1, 1, 1, 1, 1]
    assert first(class_names=["dogs"], max_length=4)[0].shape == (5,)
    assert np.asarray(first(max_length=4)[0]).tolist()[0] in ("cats", "dogs")


def test_parts_do_not_overlap(folder):
    kwargs = {"validation_split": 0.4, "seed": 1, "verbose": False}
    train = utils.text_dataset_from_directory(folder, subset="training", **kwargs)
    test = utils.text_dataset_from_directory(folder, subset="validation", **kwargs)
    assert len(train.file_paths) == 5 and len(test.file_paths) == 3
    assert not set(train.file_paths) & set(test.file_paths)
    both = utils.text_dataset_from_directory(folder, subset="both", **kwargs)
    assert [d.file_paths for d in both] == [train.file_paths, test.file_paths]
    pairs = [sorted(zip(np.asarray(x).tolist(), y.numpy().tolist())) for x, y in (*train, *train)]
    assert pairs[0] == pairs[1]
    assert all(label == int(text.startswith("dogs")) for text, label in pairs[0])


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"label_mode": "other"}, "label_mode"),
        ({"labels": "others"}, "labels"),
        ({"labels": [1, 2]}, "len\\(labels\\) is 2"),
        ({"class_names": ["birds"]}, "did not match"),
        ({"validation_split": 0.5}, "inversely"),
        ({"validation_split": 2.0, "subset": "training"}, "between 0 and 1"),
        ({"validation_split": 0.5, "subset": "some"}, "subset"),
        ({"validation_split": 0.5, "subset": "training"}, "provide a `seed`"),
        ({"class_names": ["cats"], "label_mode": "binary"}, "exactly 2"),
    ],
)
def test_wrong_folders(folder, arguments, message):
    with pytest.raises(ValueError, match=message):
        utils.text_dataset_from_directory(folder, verbose=False, **arguments)


def test_no_files(tmp_path):
    with pytest.raises(ValueError, match="No text files found"):
        utils.text_dataset_from_directory(tmp_path, labels=None, verbose=False)


def write_wav(path, samples, width):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(width)
        file.setframerate(8000)
        file.writeframes(samples.tobytes())


def test_sounds(tmp_path):
    long = np.array([[0, 16384], [-32768, 1], [32767, 0]], "<i2")
    write_wav(tmp_path / "a.wav", long, 2)
    write_wav(tmp_path / "b.wav", long[:2], 2)
    data = utils.audio_dataset_from_directory(tmp_path, labels=None, shuffle=False, verbose=False)
    (batch,) = data
    assert batch.shape == (2, 3, 2)
    np.testing.assert_array_equal(batch.numpy()[0], long / np.float32(32768))
    np.testing.assert_array_equal(batch.numpy()[1, 2], [0, 0])
    cut = utils.audio_dataset_from_directory(
        tmp_path, labels=None, output_sequence_length=1, verbose=False
    )
    assert next(iter(cut)).shape == (2, 1, 2)


def test_widths_of_samples(tmp_path):
    from lamina.utils._directories import read_wav

    write_wav(tmp_path / "8.wav", np.array([[128], [255], [0]], "u1"), 1)
    np.testing.assert_array_equal(
        read_wav(str(tmp_path / "8.wav")), np.float32([[0], [127 / 128], [-1]])
    )
    write_wav(tmp_path / "24.wav", np.array([[0, 0, 64], [0, 0, 128], [1, 0, 0]], "u1"), 3)
    np.testing.assert_array_equal(
        read_wav(str(tmp_path / "24.wav")).ravel(), np.float32([0.5, -1, 2**-23])
    )
    write_wav(tmp_path / "32.wav", np.array([[2**30], [-(2**31)]], "<i4"), 4)
    np.testing.assert_array_equal(read_wav(str(tmp_path / "32.wav")).ravel(), [0.5, -1])
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match="not a wav file"):
        read_wav(str(tmp_path / "bad.wav"))


# ---- images


@pytest.fixture
def images(tmp_path):
    pytest.importorskip("PIL")
    rng = np.random.default_rng(0)
    for name, size in (("a", (4, 6)), ("b", (8, 8))):
        (tmp_path / name).mkdir()
        x = rng.integers(0, 256, (*size, 3))
        utils.save_img(tmp_path / name / "0.png", x, scale=False)
        np.save(tmp_path / f"{name}.npy", x)
    return tmp_path


def test_images(images):
    data = utils.image_dataset_from_directory(
        images, image_size=(8, 8), shuffle=False, verbose=False
    )
    assert data.class_names == ["a", "b"]
    ((x, y),) = data
    assert x.shape == (2, 8, 8, 3) and x.dtype == "float32"
    assert y.numpy().tolist() == [0, 1]
    np.testing.assert_array_equal(x.numpy()[1], np.load(images / "b.npy"))
    small = np.load(images / "a.npy").astype("float32")
    expected = lamina.ops.image.resize(small, (8, 8)).numpy()
    np.testing.assert_array_equal(x.numpy()[0], expected)


def test_kinds_of_images(images):
    def first(**kwargs):
        data = utils.image_dataset_from_directory(
            images, shuffle=False, verbose=False, label_mode=None, **kwargs
        )
        return next(iter(data)).numpy()

    assert first(image_size=(4, 4), color_mode="grayscale").shape == (2, 4, 4, 1)
    assert first(image_size=(4, 4), data_format="channels_first").shape == (2, 3, 4, 4)
    cropped = first(image_size=(4, 4), crop_to_aspect_ratio=True)
    np.testing.assert_array_equal(cropped[0], np.load(images / "a.npy")[:, 1:5])
    padded = first(image_size=6, pad_to_aspect_ratio=True)
    assert (padded[0, 0] == 0).all() and (padded[0, -1] == 0).all()
    np.testing.assert_array_equal(padded[0, 1:5], np.load(images / "a.npy"))
    assert first(batch_size=None, image_size=(5, 5)).shape == (5, 5, 3)


def test_image_files(images, tmp_path):
    x = np.load(images / "a.npy")
    img = utils.load_img(images / "a" / "0.png")
    np.testing.assert_array_equal(utils.img_to_array(img), x)
    assert utils.load_img(images / "a" / "0.png", target_size=(3, 2)).size == (2, 3)
    kept = utils.load_img(images / "a" / "0.png", target_size=(4, 4), keep_aspect_ratio=True)
    np.testing.assert_array_equal(utils.img_to_array(kept), x[:, 1:5])
    with pytest.warns(UserWarning, match="JPEG"):
        utils.save_img(tmp_path / "x.jpg", np.ones((4, 4, 4)))
    with pytest.raises(ValueError, match="color_mode"):
        utils.load_img(images / "a" / "0.png", color_mode="cmyk")
    with pytest.raises(ValueError, match="rank 3"):
        utils.array_to_img(x[0])


# ---- batches by number


class Counted(utils.PyDataset):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.asked, self.begun, self.ended, self.threads = [], 0, 0, set()

    def __len__(self):
        return 6

    def __getitem__(self, index):
        self.asked.append(index)
        self.threads.add(threading.get_ident())
        x = np.full((2, 1), index, "float32")
        return x, 3 * x

    def on_epoch_begin(self):
        self.begun += 1

    def on_epoch_end(self):
        self.ended += 1


@pytest.mark.parametrize("workers", [1, 3])
def test_fit_takes_batches_by_number(workers):
    data, held_out = Counted(workers=workers), Counted()
    model = lamina.Sequential([lamina.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(data, validation_data=held_out, epochs=3, verbose=0)
    assert (data.begun, data.ended) == (3, 3)
    assert (held_out.begun, held_out.ended) == (3, 3)
    for epoch in range(3):
        assert sorted(data.asked[6 * epoch : 6 * epoch + 6]) == list(range(6))
    assert held_out.asked == list(range(6)) * 3
    assert (threading.get_ident() in data.threads) == (workers == 1)


def test_order_of_batches_by_number():
    data = Counted(workers=4)
    model = lamina.Sequential([lamina.layers.Dense(1, use_bias=False)])
    model.build((None, 1))
    model.set_weights([np.ones((1, 1))])
    expected = np.repeat(np.arange(6), 2)[:, None]
    np.testing.assert_array_equal(model.predict(data, verbose=0), expected)
    model.compile("sgd", "mse")
    data.asked.clear()
    data.workers = 1
    model.fit(data, shuffle=False, verbose=0)
    assert data.asked == list(range(6))
    assert [b[0][0, 0] for b in data] == list(range(6))


def test_errors_of_batches_reach_the_caller():
    class Broken(Counted):
        def __getitem__(self, index):
            raise KeyError("lost")

    model = lamina.Sequential([lamina.layers.Dense(1)])
    model.compile("sgd", "mse")
    for workers in (1, 2):
        with pytest.raises(KeyError, match="lost"):
            model.fit(Broken(workers=workers), verbose=0)


def test_endless_batches():
    class Endless(Counted):
        num_batches = None

    model = lamina.Sequential([lamina.layers.Dense(1)])
    model.compile("sgd", "mse")
    data = Endless(workers=2)
    model.fit(data, steps_per_epoch=4, epochs=2, verbose=0)
    assert data.ended == 2
