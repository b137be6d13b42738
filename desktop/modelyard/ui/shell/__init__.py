"""The main window: rail, pages, drop overlay, notices."""
