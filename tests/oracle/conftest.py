"""Without Keras and JAX (`pip install 'lamina[oracle]'`) there is nothing to compare with."""

import importlib.util
import os

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

if any(importlib.util.find_spec(name) is None for name in ("keras", "jax")):
    collect_ignore_glob = ["test_*.py"]
