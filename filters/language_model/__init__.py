"""What a causal language model says of sequences. torch is imported where a model runs, and nowhere else."""
