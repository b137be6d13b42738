"""Is everything here that is needed, and one button that mends what can be mended."""
