"""Tests of the simulated API, over real HTTP where HTTP is what is promised."""
