#!/usr/bin/env python3
"""Checks who includes whom in the C++ sources (docs: "Rooms, and who may enter").

Prints each violation as file:line and exits 1 if there is any.
"""

import re
import sys
from pathlib import Path

# Room -> rooms under cpp/src that its files may include with #include "room/...". Public headers
# (lamina/...) are open to all but the kernels.
ROOMS = {
    "core": {"core", "kernels"},
    "graph": {"graph", "core", "kernels"},
    "ops": {"ops", "graph", "core", "kernels"},
    "layers": {"layers", "ops", "graph", "core", "io leaf"},
    "train": {"train", "layers", "ops", "graph", "core", "io leaf"},
    "io": {"io", "io leaf", "train", "layers", "ops", "graph", "core"},
    "io leaf": {"io leaf"},
    "kernels": {"kernels"},
    "bindings": {"bindings"},
    "public": set(),
}
# What the other rooms may see of the kernels: the contract, never a kernel's own helpers.
KERNEL_CONTRACT = {"kernels/abi.h", "kernels/dispatch.h", "kernels/elementwise_ops.inc"}
# Utilities that stand on nothing but the public headers.
IO_LEAVES = {"io/atomic_file", "io/config", "io/json", "io/safetensors"}
# The dispatcher is lamina's side of the kernels: it reports errors and hands threads to them.
EXCEPTIONS = {
    ("kernels/dispatch.cpp", "core/threads.h"),
    ("kernels/dispatch.cpp", "lamina/error.h"),
}

SUFFIXES = {".h", ".cpp", ".cu", ".cuh", ".inc"}
# Third-party headers, by pattern -> files (under cpp/) that may include them.
THIRD_PARTY = {
    r"(unsupported/)?Eigen/": r"(?!)",  # products are kernels/cpu's own
    r"pybind11/|Python\.h": r"bindings/",
    r"cuda|cublas|cudnn": r"src/kernels/cuda/",
    r"omp\.h": r"(?!)",  # threads are core/threads alone
}


def room_of(path):
    """Room of a path under cpp/src, cpp/include or cpp/bindings, such as 'io/json.h'."""
    if path.rsplit(".", 1)[0] in IO_LEAVES:
        return "io leaf"
    room = path.split("/")[0]
    return "public" if room == "lamina" else room


def complaint(file, target, quoted):
    """Why `file` (relative to cpp/) may not include `target`, or None."""
    for pattern, allowed in THIRD_PARTY.items():
        if re.match(pattern, target):
            return None if re.match(allowed, file) else f"{target} is not for this file"
    source = re.sub(r"^(src|include)/", "", file)
    room, to = room_of(source), room_of(target)
    if room not in ROOMS:
        return f"{file} is in no room"
    if to not in ROOMS:
        if quoted and not (room == "bindings" and "/" not in target):
            return f'"{target}" is in no room (write the path from cpp/src or cpp/include)'
        if room == "public" and ("/" in target or target.endswith(".h")):
            return f"a public header includes std and lamina/ only, not <{target}>"
        return None
    if (source, target) in EXCEPTIONS:
        return None
    if to == "public":
        return "kernels see no header of lamina but their own" if room == "kernels" else None
    if to not in ROOMS[room]:
        return f"{room} may not include {to}: {target}"
    if to == "kernels" and room != "kernels" and target not in KERNEL_CONTRACT:
        return f"{target} is the kernels' own"
    return None


def main():
    cpp = Path(__file__).resolve().parent.parent / "cpp"
    bad = 0
    for path in sorted(p for p in cpp.rglob("*") if p.suffix in SUFFIXES):
        file = path.relative_to(cpp).as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match and (why := complaint(file, match[2], match[1] == '"')):
                print(f"cpp/{file}:{number}: {why}")
                bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
