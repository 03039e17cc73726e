"""Promises about settings and the connections made from them."""
