"""The self-test of what ships: `modelyard --selftest`."""
