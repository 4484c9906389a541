"""What the house needs to keep itself: its installer and its own lint."""
