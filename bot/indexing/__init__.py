"""Files into an index: essays are loaded, split, embedded and published."""
