"""The published recipes as small code of our own, and their figures in reference.json."""
