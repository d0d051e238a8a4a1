"""The page: the only part of `bot` that knows Gradio. Nothing else in `bot` imports it; `app.py` does."""
