"""What stands between the commands of a line of shell."""

BETWEEN = frozenset({"\n", ";", ";;", "&", "&&", "||", "|", "(", ")"})
