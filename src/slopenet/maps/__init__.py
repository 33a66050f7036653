"""Affine maps: layers without an activation, scalers, and what users write for them."""
