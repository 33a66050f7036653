"""Networks of scikit-learn, with what stands before, around and behind them."""
