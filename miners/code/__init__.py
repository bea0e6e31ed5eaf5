"""Python source as definitions: of an imported library or of a tree."""
