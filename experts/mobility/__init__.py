"""Whether the device, or what is around it, moves: by the Doppler spread."""
