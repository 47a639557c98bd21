"""Benchmarks: each prints ratios against a named yardstick measured in the same run."""
