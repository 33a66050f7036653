"""Networks of JAX: functions by tracing, modules of Equinox and Flax, and plain weights."""
