"""Commands that read what builds and replays left: certification, where time goes, where candidates go."""
