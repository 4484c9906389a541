"""The catalog: a market's category tree and what its shops list in it."""
