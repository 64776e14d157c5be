"""Where repositories' code runs: one protocol, a table of backends, and the scripts that run inside."""
