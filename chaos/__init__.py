"""Kill runs, fill their disk and cut off the Hub; their tables must equal those of an uninterrupted run."""
