"""The rules that inference engines hide about their configuration: proven by pytest, checked in microseconds."""
