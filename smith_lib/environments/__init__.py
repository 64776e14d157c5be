"""How a repository is installed: recipes from its own metadata, tried in order until its tests run."""
