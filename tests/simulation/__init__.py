"""A market in which everything that can go wrong does, in an order drawn from a seed."""
