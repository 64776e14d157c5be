"""Rewards over HTTP, for trainers on other machines: a queue that tells when it is full, behind a guard."""
