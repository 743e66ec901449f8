"""Seeded generators of the windows that experts look at, for training, tests and the simulated devices. Pure numpy."""
