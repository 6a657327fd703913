"""The operator's surface: what is shown over HTTP, what may be asked for, and who may ask."""
