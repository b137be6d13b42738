"""Settings, drawn from their declaration in host/settings.py."""
