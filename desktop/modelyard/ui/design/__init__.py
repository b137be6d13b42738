"""One look: spacing, type and colour tokens, the style sheet made from them, and our own icons."""
