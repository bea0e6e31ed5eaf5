"""The ledger: every effect in the code of a surface, once, with the rules that cover it or the reason why none does."""

from miners.ledger.entries import Entry, Ledger, Reason
from miners.ledger.files import load_ledger, render_ledger
from miners.ledger.making import make_ledger

__all__ = ["Entry", "Ledger", "Reason", "load_ledger", "make_ledger", "render_ledger"]
