"""Valid bugs become tasks: the issue text from evidence, the tests that a task hides, the instance rows.

Nothing here runs anything: rows and the clean tree come in, rows go out."""
