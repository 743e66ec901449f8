"""Signal to noise ratio, and which modulations it carries."""
