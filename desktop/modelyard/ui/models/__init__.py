"""What is installed, in every engine."""
