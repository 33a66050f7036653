"""A network inside other people's solvers: one module a package, which is loaded on use.

    from slopenet.adapters import scipy, torch, jax, openmdao, smt, casadi, pyomo

Each says what to install if its package is missing.
"""
