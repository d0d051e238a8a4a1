"""Every text that the bot and evals/ show, in English and Korean: errors, notices of answers, the page. Imports nothing else of bot/."""
