"""Facts and arithmetic of collection: no I/O, no clock, no dice."""
