"""How much memory a type of model takes, as laws of its config: seen in the library's own models on the meta device."""
