"""The published recipes, and the race between them and the lessons' models."""
