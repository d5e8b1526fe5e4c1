#!/usr/bin/env python3
"""Compares the stubs just generated for lamina._core with those in the package.

Usage: compare_stubs.py GENERATED_DIR PACKAGE_DIR [--update]
GENERATED_DIR holds lamina/_core.pyi or lamina/_core/*.pyi, as pybind11-stubgen writes them.
"""

import difflib
import re
import sys
from pathlib import Path


def stubs(root: Path) -> dict[str, Path]:
    """Relative name -> stub file of the extension."""
    files = [root / "_core.pyi", *sorted((root / "_core").rglob("*.pyi"))]
    return {f.relative_to(root).as_posix(): f for f in files if f.is_file()}


def text_of(stub: Path) -> str:
    """The stub, with numpy under a name that Tensor.numpy() does not hide."""
    text = re.sub(r"\bnumpy\.", "np.", stub.read_text().replace("import numpy\n", ""))
    return text.replace("import typing\n", "import numpy as np\nimport typing\n", 1)


def main() -> int:
    """Prints the differences; 1 if there are any."""
    generated_dir, package = Path(sys.argv[1]) / "lamina", Path(sys.argv[2])
    new, old = stubs(generated_dir), stubs(package)
    if not new:
        sys.exit(f"no stubs of lamina._core in {generated_dir}")
    if "--update" in sys.argv:
        for file in old.values():
            file.unlink()
        for name, file in new.items():
            (package / name).parent.mkdir(parents=True, exist_ok=True)
            (package / name).write_text(text_of(file))
        return 0
    bad = 0
    for name in sorted(new.keys() | old.keys()):
        before = old[name].read_text().splitlines() if name in old else []
        after = text_of(new[name]).splitlines() if name in new else []
        difference = list(
            difflib.unified_diff(before, after, f"package/{name}", "now", lineterm="")
        )
        print("\n".join(difference[:200]))
        bad += bool(difference)
    if bad:
        print("The stubs are out of date: run .ci/compare_stubs.py with --update.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
