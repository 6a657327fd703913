"""What a recording tells of a market and an account, for judging why a fill has no partner."""
