"""Training of the expert for device health."""
