"""From a library to a corpus: read, guess, prove, merge, write."""
