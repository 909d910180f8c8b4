"""Measure how often a training corpus holds a sequence: exactly, nearly, or in meaning. Without Spark."""
