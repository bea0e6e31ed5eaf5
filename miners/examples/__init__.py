"""Configs to try: on either side of a predicate, past other checks, in other contexts."""
