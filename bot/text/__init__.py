"""Text processing: normalisation, language, words, sentences."""
