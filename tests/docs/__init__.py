"""The docs: what is generated in them, and the tests that keep them true."""
