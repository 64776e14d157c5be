"""Bugs that a model writes: a function goes out, the same function with a subtle bug comes back.

What comes back is text of unknown intent: it is parsed as code for that function, and nothing else.
"""
