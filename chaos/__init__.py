"""Runs that are killed, starved of disk and cut off, and that must end with the table of an undisturbed one."""
