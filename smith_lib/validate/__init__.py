"""What the tests say: the clean baseline, and the verdict on each candidate."""
