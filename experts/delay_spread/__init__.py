"""How long echoes last."""
