"""Rules over many rows: habits, forecast and the reasons given for them."""
