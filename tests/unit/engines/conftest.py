"""Fixtures of the engines' tests."""

from tests.builders.ollama_fixtures import connect, generation, new_server, server

__all__ = ["connect", "generation", "new_server", "server"]
