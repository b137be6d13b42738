"""Everyday manners: one window, a word when work ends, no sleep in between, a careful look for new versions."""
