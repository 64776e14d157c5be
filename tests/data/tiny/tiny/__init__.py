"""Small tools for text, tables, dates, graphs, money and stock."""

__version__ = "1.2.0"
