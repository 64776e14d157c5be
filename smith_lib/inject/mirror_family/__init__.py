"""Mirrored fixes: real fixes out of a repository's history, undone on today's code.

    history (commits) -> fixes (code and tests) -> undo (reverse, merge, symbols, ported) -> drafts
"""
