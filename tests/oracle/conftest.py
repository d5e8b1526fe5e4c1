"""Without Keras and JAX (`pip install 'lamina[oracle]'`) there is nothing to compare with."""

import atexit
import importlib.util
import os
import shutil
import tempfile

import pytest

for name in ("base", "layer_rows", "function_rows", "training_rows"):
    pytest.register_assert_rewrite(f"oracle.{name}")

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
# Compiling is what these tests spend their time on, not computing.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
    " --xla_cpu_parallel_codegen_split_count=1",
)
# Most of it was compiled before, by another test or by another process of the same run.
_run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
_cache = os.path.join(tempfile.gettempdir(), f"lamina-oracle-{_run}")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", _cache)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
atexit.register(shutil.rmtree, _cache, ignore_errors=True)

if any(importlib.util.find_spec(name) is None for name in ("keras", "jax")):
    collect_ignore_glob = ["test_*.py"]
