"""Comparisons of lamina with Keras 3.15 on JAX; `support.py` says how to add one."""
