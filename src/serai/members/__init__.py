"""Members: markets, people, how they come in, their roles, shops and addresses."""
