"""Engine configs where people keep them: manifests, compose files, charts, scripts, pages, programs and JSON.

A reader says what it found, or nothing: it never guesses. What it cannot know (a variable that somebody else sets, what
a template puts in) is a word that is not known. Readers are pure: they get a text and give records.
"""
