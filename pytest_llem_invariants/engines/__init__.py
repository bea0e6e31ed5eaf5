"""Engine adapters: how a native type is built, validated and read."""
