"""The import wizard and the view of all imports."""
