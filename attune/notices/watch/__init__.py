"""Watching over the installation: what is wrong, who is told, what a monitor reads."""
