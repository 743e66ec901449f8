"""Whether the direct path to the sender is free."""
