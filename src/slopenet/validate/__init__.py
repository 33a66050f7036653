"""The only place that rejects input: arrays, frames, settings, layers that do not chain."""
