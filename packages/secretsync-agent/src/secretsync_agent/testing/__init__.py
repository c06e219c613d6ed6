"""What tries the agent out: lives of it in virtual time."""
