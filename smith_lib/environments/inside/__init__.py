"""What runs inside a sandbox to find an environment: the standard library alone, Python 3.8 and newer."""
