"""Published tasks in the formats of those who train and measure on them: one module a format, in one table.

A format is a function from rows to files; what its tasks run in is made by `images`, and `verify` hands an
export to the format's own client."""
