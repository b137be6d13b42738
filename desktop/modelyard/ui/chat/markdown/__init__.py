"""Markdown of answers, understood without Qt: text in, plain values out. Nothing of a text is ever trusted."""
