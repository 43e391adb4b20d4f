"""The taxonomy as data, and what one message says about the cause."""
