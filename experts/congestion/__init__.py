"""Why a WiFi link is slow, told from its sender's packet statistics."""
