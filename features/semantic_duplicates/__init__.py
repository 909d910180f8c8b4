"""Sequences of a corpus that say nearly the same: sentence embeddings, their cosine similarity, and clusters."""
