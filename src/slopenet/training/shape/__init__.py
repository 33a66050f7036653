"""Constraints on the shape of a fit: monotone, convex, concave, bounded slopes."""
