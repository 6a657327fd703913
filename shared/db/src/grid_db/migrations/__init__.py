"""The history of the schema: one revision after another, up and down, on both dialects."""
