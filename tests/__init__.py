"""The tests. `tests.toys` may be imported by child processes too."""
