"""The decisions, as plain functions over state and records. No faust, no aiokafka, no HTTP, no clock of their own."""
