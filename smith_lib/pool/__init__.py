"""What a project's own history teaches: its fixes, the bugs they mend and the tests that tell; searchable.

    history -> collect (fixes) -> judged (undone) -> vary -> embed -> index -> search, examples, figures
"""
