"""The dynamic miner: probes, rows, templates, refinement."""
