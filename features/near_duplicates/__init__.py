"""Near duplicates: sequences whose sets of token n-grams have a Jaccard similarity of at least a threshold."""
