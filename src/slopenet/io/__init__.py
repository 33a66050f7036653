"""Networks on disk: our own model file."""
