"""The chat: conversations at the left, the one that is open at the right."""
