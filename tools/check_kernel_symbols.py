#!/usr/bin/env python3
"""Checks that the kernels of two instruction sets share no symbol.

A template or inline function compiled under two sets of flags is one symbol to the linker, which
may keep the AVX-512 copy for everyone. So every definition that other files can see must lie in the
namespace of its instruction set, and none may be left to the linker to merge.

Usage: check_kernel_symbols.py BUILD_DIR, or check_kernel_symbols.py ISA=FILE.o...
In a build directory the objects are those of the targets lamina_kernels_ISA.
"""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

# The pointer to the exception handler of C++: the same data under any flags.
ALLOWED = {"DW.ref.__gxx_personality_v0"}
SHARED = set("ABCDGRSTuVvWw") | {"i"}  # nm's letters of symbols that other objects can see


def find_objects(args):
    """ISA -> object files."""
    objects = defaultdict(list)
    for arg in args:
        if "=" in arg and not Path(arg).exists():
            isa, file = arg.split("=", 1)
            objects[isa].append(Path(file))
            continue
        for path in sorted(Path(arg).rglob("*.o*")):
            if path.suffix not in {".o", ".obj"}:
                continue
            match = re.search(r"lamina_kernels_(\w+?)(\.dir|/)", path.as_posix())
            if match:
                objects[match[1]].append(path)
    return objects


def defined_symbols(path):
    """(letter, name) of each symbol that `path` defines for others."""
    listing = subprocess.run(
        ["nm", "-C", "--defined-only", str(path)], check=True, capture_output=True, text=True
    ).stdout
    for line in listing.splitlines():
        match = re.match(r"[0-9a-fA-F]*\s+(\S) (.+)", line)
        if match and match[1] in SHARED:
            yield match[1], match[2]


def is_own(name, isa):
    """Does the (demangled) name belong to the namespace of the instruction set?"""
    # Data such as "vtable for ..." and "guard variable for ..." belong to what they are for.
    name = re.sub(r"^(?:[a-z-]+ )+for ", "", name)
    # Functions made from templates are shown with their return type.
    name = re.sub(r"^(?:void|bool|int|long|float|double) ", "", name)
    return re.match(rf"lamina::{isa}::", name) is not None


def main():
    objects = find_objects(sys.argv[1:])
    if not objects:
        sys.exit("no kernel objects found\n\n" + __doc__)
    complaints, owners = [], defaultdict(dict)
    for isa, paths in sorted(objects.items()):
        for path in paths:
            for letter, name in defined_symbols(path):
                if name in ALLOWED:
                    continue
                owners[name].setdefault(isa, path)
                if letter in "uVvWw" and not is_own(name, isa):
                    complaints.append(f"{path}: weak symbol outside lamina::{isa}: {name}")
    for name, where in sorted(owners.items()):
        if len(where) > 1:
            files = ", ".join(map(str, where.values()))
            complaints.append(f"defined for {', '.join(where)}: {name} ({files})")
    print("\n".join(complaints))
    files = sum(map(len, objects.values()))
    print(f"{files} objects of {', '.join(sorted(objects))}: {len(complaints)} shared symbols")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
