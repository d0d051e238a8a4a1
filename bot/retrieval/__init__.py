"""Questions into ranked passages of an open index."""
