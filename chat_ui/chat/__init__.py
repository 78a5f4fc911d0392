"""What a conversation is and how a turn runs. Knows no page: a terminal client could stand on it."""
