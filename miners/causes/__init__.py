"""Why rules changed or failed: few causes for many rules."""
