"""Lives of operators in virtual time."""
