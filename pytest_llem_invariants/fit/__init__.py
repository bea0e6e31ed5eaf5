"""Whether a model fits on a device: arithmetic over its config, the arguments and the device."""
