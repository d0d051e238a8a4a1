"""Every text that the bot shows, in English and Korean: errors, those of evals/ too, notices of answers, the page. Imports nothing else of bot/."""
