"""The commands of the command line, one module each; tapes have their own in tape_commands."""
