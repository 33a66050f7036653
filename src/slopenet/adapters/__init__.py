"""A network in other solvers: one module per package, loaded on first use.

    from slopenet.adapters import scipy, torch, jax, keras, openmdao, smt, casadi, pyomo, botorch

If its package is missing, the error of a module names the package to install.
"""
