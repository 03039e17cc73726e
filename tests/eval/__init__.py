"""``make eval``: how often the profiles' rules are right, on labelled sets that their authors did not see."""
