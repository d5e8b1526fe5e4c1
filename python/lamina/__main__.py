"""The command line: python -m lamina demo | info | --cmake-dir | --version."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path


def cmake_dir() -> str:
    """Folder with laminaConfig.cmake, for find_package(lamina CONFIG).

    Raises:
        FileNotFoundError: This installation holds no C++ half.
    """
    import sysconfig

    import lamina

    roots = [Path(p) for p in lamina.__path__]
    # An editable install leaves the sources where they are and the C++ half in site-packages.
    roots += [Path(sysconfig.get_path(name)) / "lamina" for name in ("platlib", "purelib")]
    for root in roots:
        folder = root / "cpp" / "lib" / "cmake" / "lamina"
        if (folder / "laminaConfig.cmake").is_file():
            return str(folder.resolve())
    raise FileNotFoundError("lamina: this installation holds no C++ library (lamina/cpp)")


def info() -> str:
    """Version, instruction set and threads, a line each."""
    import platform

    import numpy

    import lamina

    return "\n".join(
        [
            f"lamina   {lamina.__version__}",
            f"python   {platform.python_version()}, numpy {numpy.__version__}",
            f"machine  {platform.system()} {platform.machine()}, {os.cpu_count()} processors",
            f"isa      {lamina.config.cpu_isa()}",
            f"threads  {lamina.config.num_threads()}",
            f"path     {os.path.dirname(os.path.abspath(lamina.__file__))}",
        ]
    )


def main(argv: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m lamina", description="A small, fast deep-learning library."
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.add_argument(
        "--cmake-dir", action="store_true", help="print the folder for CMAKE_PREFIX_PATH"
    )
    commands = parser.add_subparsers(dest="command")
    demo = commands.add_parser("demo", help="train a small network on handwritten digits")
    demo.add_argument("--epochs", type=int, default=None, help="number of epochs")
    demo.add_argument("--output", default="lamina_demo.safetensors", help="model file to write")
    demo.add_argument("--export-test", metavar="FILE", help=".npy file for the test images")
    commands.add_parser("info", help="print version, instruction set and threads")
    args = parser.parse_args(argv)
    if args.version:
        import lamina

        print(lamina.__version__)
    elif args.cmake_dir:
        try:
            print(cmake_dir())
        except FileNotFoundError as e:
            print(e, file=sys.stderr)
            return 1
    elif args.command == "demo":
        if args.epochs is not None and args.epochs < 1:
            parser.error("--epochs: expected a positive number")
        from lamina.demo import run

        return run(args.epochs, args.output, args.export_test)
    elif args.command == "info":
        print(info())
    else:
        parser.print_help()
    return 0


if __name__ == "__main__":
    sys.exit(main())
