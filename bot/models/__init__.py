"""Models: embedders, chat models, the files that they are made of, and their streams."""
