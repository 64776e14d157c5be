"""Operators that change an expression or a statement as mutation testing does, one subject a module."""
