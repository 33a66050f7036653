"""Networks of n2p2 and RuNNer: text of weights, of symmetry functions' ranges, and settings."""
