"""What is compared, from where it lies: runs and executions of a database, files of trades."""
