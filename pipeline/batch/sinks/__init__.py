"""What the rows of a batch are written as."""
