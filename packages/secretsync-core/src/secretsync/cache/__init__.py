"""The store of answers: what is known, how old it is, who asked, who still needs the value."""
