"""Tasks looked through by people: a page to answer on, the answers as Parquet, and how far they agree."""
