"""How the committed weights were made: seeded scripts that run by hand, never imported by a filter."""
