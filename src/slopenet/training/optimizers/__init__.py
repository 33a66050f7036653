"""Optimisers: they know a function of θ and its gradient, and nothing of networks."""
