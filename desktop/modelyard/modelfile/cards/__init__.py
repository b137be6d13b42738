"""Personas as other programs write them. Start at exchange.py."""
