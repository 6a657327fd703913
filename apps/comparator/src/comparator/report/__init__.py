"""What a comparison leaves behind: tables, a page, a record, a summary."""
