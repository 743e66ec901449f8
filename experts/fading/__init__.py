"""How deep the signal fades: Rayleigh, Ricean or nearly steady."""
