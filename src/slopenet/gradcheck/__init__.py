"""Derivatives computed without σ' or σ'', and the check of every derivative against them."""
