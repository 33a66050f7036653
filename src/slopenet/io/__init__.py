"""Files of slopenet: models and checkpoints."""
