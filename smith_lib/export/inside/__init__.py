"""Copied into images and scripts, never imported here: standard library only, Python 3.8 and newer."""
