"""From data to a network: settings, methods, starts, objectives and optimisers."""
