"""A Gaussian process on values and slopes, and the network of sines that it is taught to."""
