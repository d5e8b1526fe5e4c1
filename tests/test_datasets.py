"""Loaders of data sets, on small files in the published formats."""

import gzip
import hashlib
import http.server
import io
import os
import pickle
import struct
import tarfile
import threading
from pathlib import Path

import numpy as np
import pytest

from lamina import datasets
from lamina.datasets import _formats
from lamina.utils import get_file


def write_idx(path, array, code=8):
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    data = head + array.astype(array.dtype.newbyteorder(">")).tobytes()
    if path.suffix == ".gz":
        with gzip.open(path, "wb") as f:
            f.write(data)
    else:
        path.write_bytes(data)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_digits_split_is_fixed():
    (x, y), (x_test, y_test) = datasets.digits.load_data()
    assert x.shape == (1437, 8, 8) and x_test.shape == (360, 8, 8)
    assert x.dtype == np.uint8 and y.dtype == np.uint8
    assert x.max() == 16 and sorted(set(y_test)) == list(range(10))
    every = np.concatenate([x, x_test]).reshape(1797, -1)
    assert int(every.sum()) == 561718
    again = datasets.digits.load_data()
    np.testing.assert_array_equal(again[0][0], x)
    other = datasets.digits.load_data(seed=1)
    assert not np.array_equal(other[0][1], y)
    (a, _), (b, _) = datasets.digits.load_data(test_split=0)
    assert len(a) == 1797 and len(b) == 0
    with pytest.raises(ValueError, match="test_split"):
        datasets.digits.load_data(test_split=1)


@pytest.mark.parametrize("module", [datasets.mnist, datasets.fashion_mnist])
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "train-images.idx3-ubyte"])
def test_idx_folder(tmp_path, rng, module, name):
    x = rng.integers(0, 256, (7, 28, 28)).astype("uint8")
    y = rng.integers(0, 10, 7).astype("uint8")
    write_idx(tmp_path / name, x)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", y)
    write_idx(tmp_path / "t10k-images-idx3-ubyte", x[:3])
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", y[:3])
    (a, b), (c, d) = module.load_data(path=tmp_path)
    np.testing.assert_array_equal(a, x)
    np.testing.assert_array_equal(b, y)
    np.testing.assert_array_equal(c, x[:3])
    np.testing.assert_array_equal(d, y[:3])
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match="t10k-labels-idx1-ubyte"):
        module.load_data(path=tmp_path)
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", y)
    with pytest.raises(ValueError, match="images"):
        module.load_data(path=tmp_path)


@pytest.mark.parametrize("code, dtype", [(9, "i1"), (11, "i2"), (12, "i4"), (13, "f4"), (14, "f8")])
def test_idx_types(tmp_path, rng, code, dtype):
    x = (100 * rng.normal(size=(3, 4))).astype(dtype)
    write_idx(tmp_path / "x", x, code)
    read = _formats.read_idx(tmp_path / "x")
    assert read.dtype == x.dtype and read.dtype.isnative
    np.testing.assert_array_equal(read, x)


def test_idx_damaged(tmp_path):
    path = tmp_path / "images.gz"
    write_idx(path, np.zeros((5, 28, 28), "uint8"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with pytest.raises(ValueError, match="truncated"):
        _formats.read_idx(path)
    plain = gzip.decompress(whole)
    for cut in (3, 10, 100, len(plain) - 1):
        path.write_bytes(plain[:cut])
        with pytest.raises(ValueError, match=r"truncated|no IDX"):
            _formats.read_idx(path)
    path.write_bytes(plain + b"x")
    with pytest.raises(ValueError, match="longer"):
        _formats.read_idx(path)
    path.write_bytes(b"\x89PNG" + plain)
    with pytest.raises(ValueError, match="no IDX"):
        _formats.read_idx(path)
    path.write_bytes(plain[:4] + b"\xff" * 12)
    with pytest.raises(ValueError, match="asks for"):
        _formats.read_idx(path)


def test_mnist_npz(tmp_path, rng):
    x = rng.integers(0, 256, (4, 28, 28)).astype("uint8")
    y = np.arange(4, dtype="uint8")
    file = tmp_path / "mine.npz"
    np.savez(file, x_train=x, y_train=y, x_test=x[:1], y_test=y[:1])
    (a, b), (c, _) = datasets.mnist.load_data(path=file)
    np.testing.assert_array_equal(a, x)
    assert b.shape == (4,) and c.shape == (1, 28, 28)
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(ValueError, match="damaged"):
        datasets.mnist.load_data(path=file)
    with pytest.raises(FileNotFoundError):
        datasets.mnist.load_data(path=tmp_path / "none.npz")


def cifar_batch(rng, n, keys, protocol=2):
    x = rng.integers(0, 256, (n, 3072)).astype("uint8")
    batch = {b"data": x}
    batch.update({k: [int(v) for v in rng.integers(0, 10, n)] for k in keys})
    return x, batch[keys[0]], pickle.dumps(batch, protocol=protocol)


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("packed", [False, True])
def test_cifar10(tmp_path, rng, packed, protocol):
    files = {}
    for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
        files[name] = cifar_batch(rng, 3, [b"labels"], protocol)
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name, (_, _, data) in files.items():
        (folder / name).write_bytes(data)
    path = folder
    if packed:
        path = tmp_path / "cifar.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            tar.add(folder, "cifar-10-batches-py")
    (x, y), (x_test, y_test) = datasets.cifar10.load_data(path=path)
    assert x.shape == (15, 32, 32, 3) and y.shape == (15, 1) and x.dtype == np.uint8
    first = files["data_batch_1"]
    np.testing.assert_array_equal(x[0, :, :, 1].reshape(-1), first[0][0, 1024:2048])
    np.testing.assert_array_equal(y[:3, 0], first[1])
    assert x_test.shape == (3, 32, 32, 3) and y_test.shape == (3, 1)


def test_cifar100(tmp_path, rng):
    for name in ("train", "test"):
        data = cifar_batch(rng, 2, [b"fine_labels", b"coarse_labels"])[2]
        (tmp_path / name).write_bytes(data)
    (x, y), _ = datasets.cifar100.load_data(path=tmp_path)
    assert x.shape == (2, 32, 32, 3) and y.shape == (2, 1)
    datasets.cifar100.load_data("coarse", path=tmp_path)
    with pytest.raises(ValueError, match="label_mode"):
        datasets.cifar100.load_data("wrong", path=tmp_path)


class Evil:
    def __reduce__(self):
        return os.mkdir, ("should_not_exist",)


def test_pickles_run_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train").write_bytes(pickle.dumps({b"data": Evil()}, protocol=2))
    with pytest.raises(ValueError, match="mkdir"):
        datasets.cifar100.load_data(path=tmp_path)
    rows = np.empty(1, object)
    rows[0] = Evil()
    np.savez(tmp_path / "evil.npz", x=rows, y=rows)
    with pytest.raises(ValueError, match="mkdir"):
        datasets.reuters.load_data(path=tmp_path / "evil.npz")
    assert not (tmp_path / "should_not_exist").exists()
    with pytest.raises(ValueError, match="damaged"):
        _formats.unpickle(io.BytesIO(b"\x80\x02garbage"), "x")


def sequences(rng, n):
    rows = np.empty(n, object)
    for i in range(n):
        rows[i] = [int(v) for v in rng.integers(1, 50, rng.integers(3, 12))]
    return rows, rng.integers(0, 2, n)


def test_imdb(tmp_path, rng):
    x, y = sequences(rng, 20)
    x2, y2 = sequences(rng, 10)
    np.savez(tmp_path / "imdb.npz", x_train=x, y_train=y, x_test=x2, y_test=y2)
    (a, b), (c, d) = datasets.imdb.load_data(path=tmp_path, num_words=30)
    assert len(a) == 20 and len(c) == 10 and len(b) == 20 and len(d) == 10
    assert all(row[0] == 1 and max(row) < 30 for row in a)
    assert any(2 in row for row in a)
    order = np.arange(20)
    np.random.RandomState(113).shuffle(order)
    np.testing.assert_array_equal(b, y[order])
    assert [w + 3 for w in x[order[0]] if w + 3 < 30] == [w for w in a[0][1:] if w != 2]
    (a, b), _ = datasets.imdb.load_data(path=tmp_path, maxlen=7, start_char=None, index_from=0)
    assert len(a) == len(b) and all(len(row) < 7 for row in a)
    (a, _), _ = datasets.imdb.load_data(path=tmp_path, num_words=20, oov_char=None, skip_top=10)
    assert all(10 <= w < 20 for row in a for w in row)
    with pytest.raises(ValueError, match="maxlen"):
        datasets.imdb.load_data(path=tmp_path, maxlen=1)


def test_reuters(tmp_path, rng):
    x, y = sequences(rng, 20)
    np.savez(tmp_path / "reuters.npz", x=x, y=y)
    (a, b), (c, d) = datasets.reuters.load_data(path=tmp_path / "reuters.npz")
    assert len(a) == len(b) == 16 and len(c) == len(d) == 4
    assert len(datasets.reuters.get_label_names()) == 46
    index = tmp_path / "index.json"
    index.write_text('{"the": 1}')
    assert datasets.reuters.get_word_index(index) == {"the": 1}
    assert datasets.imdb.get_word_index(index) == {"the": 1}


def test_california_housing(tmp_path, rng):
    x, y = rng.normal(size=(700, 8)), rng.normal(size=700)
    np.savez(tmp_path / "c.npz", x=x, y=y)
    (a, b), (c, _) = datasets.california_housing.load_data(path=tmp_path / "c.npz")
    assert a.shape == (560, 8) and b.shape == (560,) and c.shape == (140, 8)
    (a, _), (c, _) = datasets.california_housing.load_data("small", path=tmp_path / "c.npz")
    assert len(a) + len(c) == 600
    table = np.column_stack([x, y])
    for header in ("", "a,b,c,d,e,f,g,h,value"):
        np.savetxt(tmp_path / "c.csv", table, delimiter=",", header=header, comments="")
        (d, _), _ = datasets.california_housing.load_data(path=tmp_path / "c.csv")
        assert d.shape == (560, 8)
    with pytest.raises(ValueError, match="version"):
        datasets.california_housing.load_data("middle")


def test_default_names_mean_the_cache(tmp_path, monkeypatch, rng):
    monkeypatch.setenv("LAMINA_HOME", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", refuse)
    with pytest.raises(OSError, match=r"no network.*path="):
        datasets.mnist.load_data()
    with pytest.raises(OSError, match="no network"):
        datasets.cifar10.load_data()


def refuse(*args, **kwargs):
    import urllib.error

    raise urllib.error.URLError("no network")


class Server(http.server.BaseHTTPRequestHandler):
    content = bytes(range(256)) * 4096
    cut = 0  # close the connection after so many bytes
    ranges = True
    requests: list = []  # noqa: RUF012

    def do_GET(self):
        begin = 0
        asked = self.headers.get("Range")
        self.requests.append(asked)
        if asked and self.ranges:
            begin = int(asked.split("=")[1].split("-")[0])
            if begin >= len(self.content):
                self.send_response(416)
                self.end_headers()
                return
            self.send_response(206)
            last = len(self.content) - 1
            self.send_header("Content-Range", f"bytes {begin}-{last}/{len(self.content)}")
        else:
            self.send_response(200)
        data = self.content[begin:]
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: type(self).cut] if type(self).cut else data)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("LAMINA_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "*")
    Server.cut, Server.ranges, Server.requests = 0, True, []
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}/file.bin"
    httpd.shutdown()
    httpd.server_close()


SHA256 = hashlib.sha256(Server.content).hexdigest()


@pytest.mark.parametrize("ranges", [True, False])
def test_download_goes_on(server, tmp_path, ranges):
    Server.cut, Server.ranges = 300_000, ranges
    with pytest.raises(OSError, match="300000 bytes are kept"):
        get_file(origin=server, file_hash=SHA256)
    target = tmp_path / "datasets" / "file.bin"
    assert not target.exists() and (tmp_path / "datasets" / "file.bin.part").exists()
    Server.cut = 0
    assert get_file(origin=server, file_hash=SHA256) == str(target)
    assert target.read_bytes() == Server.content
    assert Server.requests == [None, "bytes=300000-"]
    assert not (tmp_path / "datasets" / "file.bin.part").exists()
    get_file(origin=server, file_hash=SHA256)
    assert len(Server.requests) == 2  # it is in the cache


@pytest.mark.parametrize("size", [1000, len(Server.content), len(Server.content) + 5])
def test_download_with_a_foreign_part(server, tmp_path, size):
    folder = tmp_path / "datasets"
    folder.mkdir()
    (folder / "file.bin.part").write_bytes(b"x" * size)
    assert Path(get_file(origin=server, file_hash=SHA256)).read_bytes() == Server.content


def test_wrong_checksum(server, tmp_path):
    with pytest.raises(ValueError, match="checksum"):
        get_file(origin=server, file_hash="0" * 64)
    assert list((tmp_path / "datasets").iterdir()) == []
    with pytest.raises(ValueError, match="hash_algorithm"):
        get_file(origin=server, file_hash="123")
    with pytest.raises(ValueError, match="origin"):
        get_file("a")
    md5 = hashlib.md5(Server.content).hexdigest()
    assert get_file("b.bin", server, md5_hash=md5).endswith("b.bin")


def test_extract(server, tmp_path, monkeypatch):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo("inside/a.txt")
        info.size = 2
        tar.addfile(info, io.BytesIO(b"hi"))
    monkeypatch.setattr(Server, "content", buffer.getvalue())
    folder = get_file("a.tar.gz", server, extract=True)
    assert (Path(folder) / "inside" / "a.txt").read_text() == "hi"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo("../outside.txt")
        tar.addfile(info, io.BytesIO(b""))
    monkeypatch.setattr(Server, "content", buffer.getvalue())
    with pytest.raises(ValueError, match="unsafe"):
        get_file("b.tar.gz", server, extract=True)
    assert not (tmp_path / "datasets" / "outside.txt").exists()


def test_boston_housing(tmp_path, rng):
    x, y = rng.normal(size=(10, 13)), np.arange(10.0)
    np.savez(tmp_path / "b.npz", x=x, y=y)
    (a, b), (c, d) = datasets.boston_housing.load_data(path=tmp_path / "b.npz", test_split=0.3)
    assert a.shape == (7, 13) and c.shape == (3, 13)
    order = np.arange(10)
    np.random.RandomState(113).shuffle(order)
    np.testing.assert_array_equal(np.concatenate([b, d]), order)
    np.testing.assert_array_equal(np.concatenate([a, c]), x[order])
    with pytest.raises(ValueError, match="test_split"):
        datasets.boston_housing.load_data(path=tmp_path / "b.npz", test_split=1.0)
    np.savez(tmp_path / "b.npz", x=x[:, :4], y=y)
    with pytest.raises(ValueError, match="expected \\(n, 13\\)"):
        datasets.boston_housing.load_data(path=tmp_path / "b.npz")
