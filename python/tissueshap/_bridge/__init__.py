"""The bridge between Python and R, in both directions."""
