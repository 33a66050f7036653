"""How fast slopenet is beside what people use today: `python -m benchmarks`."""
