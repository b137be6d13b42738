"""Fetching files of a repository: in ranges, several at once, resumable after anything, verified."""
