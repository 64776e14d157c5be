"""Bugs from elsewhere: read from a file, fitted to a repository's clean tree, or refused with a reason."""
