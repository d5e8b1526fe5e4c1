"""get_file: downloads that are checked, go on where they stopped, and appear whole or not."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

_CHUNK = 1 << 18


def cache_folder() -> Path:
    """Folder that holds downloads: $LAMINA_HOME, or ~/.lamina."""
    home = os.environ.get("LAMINA_HOME")
    return Path(home) if home else Path.home() / ".lamina"


def _hasher(file_hash: str, algorithm: str) -> Any:
    if algorithm == "auto":
        algorithm = {32: "md5", 40: "sha1", 64: "sha256"}.get(len(file_hash), "")
    if algorithm not in ("md5", "sha1", "sha256"):
        raise ValueError(
            "get_file: expected hash_algorithm 'auto', 'sha256', 'sha1' or 'md5' and a hash of "
            f"matching length, received {algorithm!r} and {file_hash!r}"
        )
    return hashlib.new(algorithm)


def hash_file(path: str | os.PathLike, algorithm: str = "sha256") -> str:
    """Checksum of a file, in hexadecimal."""
    digest = hashlib.new(algorithm)
    with open(path, "rb") as f:
        while chunk := f.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _matches(path: Path, file_hash: str | None, algorithm: str) -> bool:
    if not file_hash:
        return True
    name = _hasher(file_hash, algorithm).name
    return hash_file(path, name) == file_hash.lower()


def _bar(total: int | None, done: int, name: str) -> Any:
    from tqdm import tqdm

    return tqdm(
        total=total, initial=done, desc=name, unit="B", unit_scale=True, unit_divisor=1024,
        disable=None, leave=False,
    )  # fmt: skip


def _fetch(origin: str, part: Path, name: str) -> None:
    """Appends what is missing to `part`."""
    import urllib.error
    import urllib.request

    done = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(origin, headers={"User-Agent": "lamina"})
    if done:
        request.add_header("Range", f"bytes={done}-")
    try:
        try:
            response = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as e:
            if e.code != 416 or not done:  # 416: the part is as long as the file, or longer
                raise
            part.unlink()
            _fetch(origin, part, name)
            return
        with response:
            status = getattr(response, "status", None)
            ranged = response.headers.get("Content-Range", "")
            if status != 206 or not ranged.startswith(f"bytes {done}-"):
                if status == 206:
                    raise OSError(f"the server sent another range: {ranged!r}")
                done = 0
            length = response.headers.get("Content-Length")
            total = done + int(length) if length is not None else None
            with open(part, "ab" if done else "wb") as out, _bar(total, done, name) as bar:
                while chunk := response.read(_CHUNK):
                    out.write(chunk)
                    done += len(chunk)
                    bar.update(len(chunk))
        if total is not None and done != total:
            raise OSError(f"the connection ended after {done} of {total} bytes")
    except OSError as e:  # URLError and time-outs too
        reason = getattr(e, "reason", None) or e
        kept = part.stat().st_size if part.exists() else 0
        hint = f" {kept} bytes are kept; the next call goes on from there." if kept else ""
        raise OSError(
            f"get_file: cannot download {origin}: {reason}.{hint} Without a network, get the file "
            f"elsewhere and put it at '{part.with_name(name)}', or pass its place as `path=` where "
            "the loader takes one."
        ) from e


def _is_inside(folder: Path, name: str) -> bool:
    target = (folder / name).resolve()
    return target == folder.resolve() or folder.resolve() in target.parents


def _extract(archive: Path, folder: Path, archive_format: Any) -> None:
    """Unpacks a tar or zip file; refuses members that would land outside of the folder."""
    import tarfile
    import zipfile

    wanted = {"auto": ("tar", "zip"), None: ()}.get(archive_format, archive_format)
    if isinstance(wanted, str):
        wanted = (wanted,)
    if "tar" in wanted and tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            members = tar.getmembers()
            for m in members:
                if not (m.isfile() or m.isdir()) or not _is_inside(folder, m.name):
                    raise ValueError(f"get_file: '{archive}' holds an unsafe member '{m.name}'")
            if hasattr(tarfile, "data_filter"):
                tar.extractall(folder, members, filter="data")
            else:
                tar.extractall(folder, members)
    elif "zip" in wanted and zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as z:
            for name in z.namelist():
                if not _is_inside(folder, name):
                    raise ValueError(f"get_file: '{archive}' holds an unsafe member '{name}'")
            z.extractall(folder)
    elif wanted:
        raise ValueError(f"get_file: '{archive}' is no {' or '.join(wanted)} archive")


def get_file(
    fname: str | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: str | os.PathLike | None = None,
    force_download: bool = False,
) -> str:
    """Path of a file in the cache, downloaded if it is not there.

    A broken download is kept as `fname.part` and goes on where it stopped. The file appears under
    its own name only when it is complete and its checksum is right.

    Args:
        fname: Name in the cache; the last part of `origin` by default.
        origin: URL of the file.
        untar: The old name of `extract`, for tar files.
        md5_hash: The old name of `file_hash`.
        file_hash: Expected checksum, in hexadecimal.
        cache_subdir: Folder inside the cache folder.
        hash_algorithm: `"auto"` (by length), `"sha256"`, `"sha1"` or `"md5"`.
        extract: Unpack a tar or zip archive beside it, and return the folder.
        archive_format: `"auto"`, `"tar"`, `"zip"`, a list of them, or None for no archive.
        cache_dir: Cache folder; `$LAMINA_HOME` or `~/.lamina` by default.
        force_download: Download even if the file is there.

    Returns:
        str: The path of the file or, with `extract`, of the folder that it was unpacked to.

    Raises:
        OSError: The download failed.
        ValueError: The checksum is wrong, or an argument is.
    """
    if origin is None:
        raise ValueError("get_file: pass origin, the URL of the file")
    if fname is None:
        from urllib.parse import urlsplit

        fname = os.path.basename(urlsplit(origin).path)
        if not fname:
            raise ValueError(f"get_file: {origin!r} ends without a file name; pass fname")
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    if file_hash:
        _hasher(file_hash, hash_algorithm)  # refuses wrong arguments before any work
    folder = (Path(cache_dir) if cache_dir is not None else cache_folder()) / cache_subdir
    target = folder / fname
    folder.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    present = target.is_file() and not force_download
    if not (present and _matches(target, file_hash, hash_algorithm)):
        part = target.with_name(target.name + ".part")
        if force_download:
            part.unlink(missing_ok=True)
        resumed = part.exists()
        _fetch(origin, part, target.name)
        if resumed and not _matches(part, file_hash, hash_algorithm):
            part.unlink()  # the old part was of another file
            _fetch(origin, part, target.name)
        if not _matches(part, file_hash, hash_algorithm):
            part.unlink()
            raise ValueError(
                f"get_file: {origin} has another checksum than expected ({file_hash}): the file is "
                "damaged or has been replaced. Nothing was kept."
            )
        os.replace(part, target)
    if extract or untar:
        unpacked = target.with_name(target.name + "_extracted")
        if not unpacked.is_dir() or not present:
            import shutil
            import tempfile

            fresh = Path(tempfile.mkdtemp(prefix=target.name, dir=target.parent))
            try:
                _extract(target, fresh, "tar" if untar else archive_format)
                shutil.rmtree(unpacked, ignore_errors=True)
                os.replace(fresh, unpacked)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        return str(unpacked)
    return str(target)
