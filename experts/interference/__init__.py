"""What disturbs a 2.4 GHz channel, told from a trace of received energy."""
