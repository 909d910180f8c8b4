"""Run a causal language model over sequences. torch is imported only when a model runs."""
