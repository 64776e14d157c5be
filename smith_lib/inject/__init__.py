"""Bugs: operators that rewrite clean source, and the sampling that chooses among their rewrites.

Nothing here touches a checkout: source text goes in, candidates (patches) come out.
"""
