"""Copied into sandboxes, never imported here: standard library only, good for Python 3.8 and newer."""
