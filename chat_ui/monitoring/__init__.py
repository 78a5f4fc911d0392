"""What an operator sees of a running process: its log lines and its figures."""
