"""From data to a network: methods, starts, sessions, and the derivatives that they descend."""
