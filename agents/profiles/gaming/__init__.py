"""Gaming and esports."""
