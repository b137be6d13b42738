"""Publishing: a finished list of files becomes a repository that others can run."""
