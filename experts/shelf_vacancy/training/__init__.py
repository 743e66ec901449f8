"""Training of the shelf vacancy expert."""
