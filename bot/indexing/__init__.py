"""From files to an index: load essays, split them, embed the windows, publish."""
