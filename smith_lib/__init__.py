"""Smith's own work: everything that needs neither Prefect nor Great Expectations."""

__version__ = "0.1.0"
