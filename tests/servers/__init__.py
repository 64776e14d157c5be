"""Real servers on the loopback device, for tests: each speaks its protocol over HTTP."""
