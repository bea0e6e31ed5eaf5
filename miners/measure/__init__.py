"""How well a corpus predicts its library."""
