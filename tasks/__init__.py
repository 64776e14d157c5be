"""Prefect tasks: a shard and settings in, a shard out."""
