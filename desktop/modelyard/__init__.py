"""Modelyard: bring any language model home.

The version stands here and nowhere else; packaging and the about page read it.
"""

__version__ = "0.1.0"
APP_NAME = "Modelyard"
APP_ID = "io.github.modelyard.Modelyard"
RELEASES_PAGE = "https://github.com/modelyard/modelyard/releases"
