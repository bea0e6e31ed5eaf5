"""One example against the live library: capture, isolation, the contracts, soundness."""
