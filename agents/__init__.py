"""The decisions: one thin Faust agent per consumed topic, and the pure rules beside them."""
