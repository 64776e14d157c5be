"""Great Expectations suites, one module a table, and the checkpoint that runs them."""
