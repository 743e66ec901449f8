"""Which slots of a shelf are free, from one camera frame."""
