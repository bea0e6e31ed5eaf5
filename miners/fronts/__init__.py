"""Classes that collect what others validate: which field they hand on as which."""
