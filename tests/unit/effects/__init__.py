"""The effect runner and the performers."""
