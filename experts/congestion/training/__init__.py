"""Trains the congestion expert."""
