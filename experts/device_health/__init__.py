"""Expert for the health of a mobile device: which part of it fails, judged by minutes of its telemetry."""
