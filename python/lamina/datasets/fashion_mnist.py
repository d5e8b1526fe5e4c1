"""Fashion-MNIST: 70,000 pictures of clothes, 28x28, 10 classes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from lamina.datasets import _formats
from lamina.utils._files import get_file

# Checksums of the unpacked pixels and labels, header left out: files packed anew are as good.
_SHA256 = {
    "train-images-idx3-ubyte": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
    "train-labels-idx1-ubyte": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    "t10k-images-idx3-ubyte": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
    "t10k-labels-idx1-ubyte": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
}


def load_data(path: str | os.PathLike | None = None) -> tuple:
    """Load the Fashion-MNIST data set (H. Xiao et al., 2017; MIT licence), downloading it once.

    The classes: T-shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot.

    Args:
        path: A local folder with the four IDX files (`train-images-idx3-ubyte.gz` and so on,
            compressed or not), such as `/usr/share/datasets/fashion-mnist` where Debian's package
            dataset-fashion-mnist is installed, or an npz file as for `mnist`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, uint8 of shape `(n, 28, 28)`, and labels,
        uint8 of shape `(n,)`.

    Raises:
        OSError: The download failed, or there is no such file.
        ValueError: A file is damaged.
    """
    local = _formats.local_path(path)
    if local is not None and local.is_file():
        names = ("x_train", "y_train", "x_test", "y_test")
        x, y, x_test, y_test = _formats.read_npz(local, names)
        _formats.check_images(x, y, (28, 28), local)
        _formats.check_images(x_test, y_test, (28, 28), local)
        return (x, y), (x_test, y_test)
    if local is not None:
        return _formats.read_idx_folder(local)
    for name in _formats.IDX_FILES:
        subdir = os.path.join("datasets", "fashion-mnist")
        file = Path(get_file(name + ".gz", f"{_formats.ORIGIN}{name}.gz", cache_subdir=subdir))
        try:
            array = _formats.read_idx(file)
            if hashlib.sha256(array.tobytes()).hexdigest() != _SHA256[name]:
                raise ValueError(f"'{file}' is not the published file")
        except ValueError:
            file.unlink()  # so that the next call downloads it anew
            raise
    return _formats.read_idx_folder(file.parent)
