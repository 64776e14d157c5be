"""Operators that take away or bend what code does on purpose: guards, special cases, clean-up, state."""
