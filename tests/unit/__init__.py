"""Tests without a broker; the folders follow those of the code."""
