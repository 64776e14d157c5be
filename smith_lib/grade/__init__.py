"""Patches judged by the tests of the tasks they are for, so that cheating is worth nothing, and what they
are worth to a trainer."""
