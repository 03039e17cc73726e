"""Tournaments: highlights of several streams become moments, moments become leaderboards and a summary. Pure."""
