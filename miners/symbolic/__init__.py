"""Values that are not known yet: terms, and what Python makes of them."""
