"""A version as one HTML page: what it holds, how it was made, and how it differs from the one before."""
