"""What the command lines share, and the check of an installation."""
