"""The plainest tokenizer for datatrove, whose own ones are for languages."""

from __future__ import annotations

from datatrove.utils.word_tokenizers import WordTokenizer


class WhitespaceWords(WordTokenizer):
    """Words are what spaces separate."""

    def word_tokenize(self, text: str) -> list[str]:
        """The words of a text."""
        return text.split(" ")

    def sent_tokenize(self, text: str) -> list[str]:
        """The text, as one sentence."""
        return [text]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """All of the text."""
        return [(0, len(text))]
