"""Seeded scripts that trained the committed weights; run by hand, never imported by a filter."""
