"""From a new release of a library to a commit that is ready for review, and what its reviewer reads."""
