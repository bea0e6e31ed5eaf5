"""The rules that inference engines hide about their own configuration: proven as pytest items, checked in microseconds."""
