"""The command line: output and progress bars, and the check of an installation."""
