"""Commands that read what replays left: whether a release is certified, what would make them faster."""
