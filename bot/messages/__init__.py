"""The texts of errors, in English and Korean. Imports nothing else of bot/."""
