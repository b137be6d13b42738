"""Models in a real Ollama, local or in the network. Start at engine.py; facts/ollama.md is the source of the rules."""
