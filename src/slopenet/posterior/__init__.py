"""Error bars: the covariance of values and slopes of a fitted network."""
