"""Front classes collect arguments that other classes validate: which field they pass on to which."""
