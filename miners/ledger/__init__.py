"""The ledger: every effect in the code of a surface once, with the rules that cover it or the reason why none does."""
