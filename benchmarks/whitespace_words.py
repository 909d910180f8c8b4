"""A minimal word tokenizer for datatrove, whose own tokenizers are for natural languages."""

from __future__ import annotations

from datatrove.utils.word_tokenizers import WordTokenizer


class WhitespaceWords(WordTokenizer):
    """A tokenizer that splits words at spaces."""

    def word_tokenize(self, text: str) -> list[str]:
        """Return the words of a text."""
        return text.split(" ")

    def sent_tokenize(self, text: str) -> list[str]:
        """Return the text as one sentence."""
        return [text]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Return one span, the whole text."""
        return [(0, len(text))]
