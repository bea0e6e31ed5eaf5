"""What a replay leaves behind: one digest a run."""
