"""The local stack as objects: broker, topics, simulator, workers; and the account of what came out of it."""
