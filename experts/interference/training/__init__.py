"""Trains the interference expert."""
