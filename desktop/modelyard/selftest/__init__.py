"""The self-test of what ships: `modelyard --selftest`. Does everything that ships work together?

Run by packaging/build.py on the frozen program, again on what the installer put down, and by anybody who wonders.
"""
