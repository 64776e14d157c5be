"""Bugs that a model writes: a function or class goes out, the same one with a bug comes back.

What comes back is text of unknown intent: it is parsed as code for that place, and nothing else.
"""
