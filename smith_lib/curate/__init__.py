"""Which instances a dataset version holds, and the figures that describe them."""
