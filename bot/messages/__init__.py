"""Every text that the bot shows, in English and Korean: errors, notices of answers, the page. Imports nothing else of bot/."""
