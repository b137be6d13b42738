"""Blocks of Markdown drawn by Qt: into text documents, with formulas as pictures. No words of our own here."""
