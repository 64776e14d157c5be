"""Where repositories come from: one protocol, one table, one module a kind of source."""
