"""HTML of networks, fits and verdicts in a notebook. Every text in it is escaped."""
