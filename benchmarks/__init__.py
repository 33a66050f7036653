"""The speed of slopenet compared with other libraries: `python -m benchmarks`."""
