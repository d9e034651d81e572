"""What maintainers run: set up, execute and publish notebooks, build the tables, name the repository."""
