"""f(θ) of values and slopes: its gradient, and its residuals as a sum of squares."""
