"""``make bench``: time and memory of every stage, and our solver beside others on one mesh."""
