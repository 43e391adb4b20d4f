"""What an assistant may ask: read-only questions over the Model Context Protocol.

answers   the questions, answered from the store, the profiles, the run table and folders of logs
bounds    how much an answer may hold, and how texts that strangers wrote are marked
roots     the folders that logs are read from, and nothing outside of them
server    the tools of the official SDK over them (extra `mcp`)
"""
