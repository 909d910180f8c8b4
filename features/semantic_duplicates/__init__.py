"""Semantic duplicates in a corpus: sentence embeddings, their cosine similarity, and clusters."""
