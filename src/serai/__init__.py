"""Serai: a market that anyone can run, where strangers trade safely."""
