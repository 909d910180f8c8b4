"""The longest run of tokens of a sequence that a corpus also holds elsewhere."""
