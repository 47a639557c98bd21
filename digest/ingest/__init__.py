"""Articles come in: fetched | parsed | cleaned | stored, each in a module of its own."""
