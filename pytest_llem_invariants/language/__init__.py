"""The language of rules: expressions, operators, values, wording."""
