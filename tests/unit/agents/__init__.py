"""The decisions: rules, state and effects, without a broker, without HTTP, at a clock of our own."""
